//! Many runs, on all cores, seed after seed; and one of them told in readable lines.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::coverage::Coverage;
use super::random::mix;
use super::run::play;
use super::shrink::shrink;
use super::step::draw;

#[derive(Default)]
pub struct Report {
    pub steps: u64,
    pub runs: u64,
    pub seen: Coverage,
    /// The number and the seed of the first run that failed.
    pub failure: Option<(u64, u64)>,
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let rate = self.steps as f64 / self.took.as_secs_f64().max(1e-9);
        writeln!(f, "{} steps in {} runs, {:.1} s, {rate:.0} steps a second", self.steps, self.runs, self.took.as_secs_f64())?;
        write!(f, "{}", self.seen.lines())
    }
}

/// Runs the seeds `base`, `base + 1`, … until so many steps have been taken, or one fails: the first of those that did, as far as the threads had come.
pub fn sail(base: u64, steps: u64, progress: Option<Duration>) -> Report {
    let began = Instant::now();
    let (next, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let report = Mutex::new(Report::default());
    let said = Mutex::new(began);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Report::default();
                while !stop.load(Ordering::Relaxed) && done.load(Ordering::Relaxed) < steps {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let seed = mix(base.wrapping_add(n));
                    let (config, moves) = draw(seed);
                    let outcome = play(&config, &moves, false);
                    mine.steps += outcome.steps;
                    mine.runs += 1;
                    mine.seen.add(&outcome.seen);
                    let total = done.fetch_add(outcome.steps, Ordering::Relaxed) + outcome.steps;
                    if outcome.violation.is_some() {
                        mine.failure = Some((n, seed));
                        stop.store(true, Ordering::Relaxed);
                    }
                    if let Some(every) = progress {
                        tell(&said, every, began, total, steps);
                    }
                }
                let mut all = report.lock().unwrap();
                all.steps += mine.steps;
                all.runs += mine.runs;
                all.seen.add(&mine.seen);
                all.failure = [all.failure, mine.failure].into_iter().flatten().min();
            });
        }
    });
    let mut report = report.into_inner().unwrap();
    report.took = began.elapsed();
    report
}

fn tell(said: &Mutex<Instant>, every: Duration, began: Instant, done: u64, steps: u64) {
    let mut last = said.lock().unwrap();
    if last.elapsed() < every {
        return;
    }
    *last = Instant::now();
    let took = began.elapsed().as_secs_f64();
    let left = took / done as f64 * steps.saturating_sub(done) as f64;
    println!("{done} of {steps} steps, {:.0} a second, {:.0} s to go", done as f64 / took, left);
}

/// Every kind of failure that so many seeds show, with how often and the seed that shows it in the fewest steps: for whoever mends several at once.
pub fn survey(base: u64, runs: u64) -> String {
    let mut kinds = BTreeMap::<String, (u64, u64, usize)>::new();
    for n in 0..runs {
        let seed = mix(base.wrapping_add(n));
        let (config, moves) = draw(seed);
        let outcome = play(&config, &moves, false);
        let Some(violation) = outcome.violation else { continue };
        let kind = kinds.entry(violation.kind()).or_insert((0, seed, usize::MAX));
        kind.0 += 1;
        if outcome.taken < kind.2 {
            (kind.1, kind.2) = (seed, outcome.taken);
        }
    }
    let lines = kinds.iter().map(|(words, (count, seed, _))| format!("{count:>8} × invariant {words} ({seed:#x})\n"));
    format!("{runs} runs\n{}", lines.collect::<String>())
}

/// A seed's run in readable lines: shrunk if it fails, with the command that shows it again.
pub fn explain(seed: u64) -> String {
    let (config, moves) = draw(seed);
    let outcome = play(&config, &moves, false);
    let Some(violation) = outcome.violation else {
        return format!("seed {seed:#x}: every promise holds over {} steps", outcome.steps);
    };
    let small = shrink(&config, &moves, &violation.kind());
    let told = play(&config, &small, true);
    let words = told.violation.unwrap_or(violation);
    format!(
        "seed {seed:#x} breaks invariant {}: {}\n{} of {} steps are enough; {config:?}\n{}\nCOUNTERSIGN_SEED={seed:#x} cargo test --test simulation replay -- --ignored --nocapture",
        words.invariant,
        words.what,
        small.len(),
        moves.len(),
        told.lines.join("\n"),
    )
}
