//! Hours of faults in a moment. Whatever happens: consumers get results in order, a stream without a gap or a double; a query is carried
//! out once at most and ends once; nothing is sent on a socket that is not acknowledged, or twice; no socket is left behind; nobody is
//! asked without a pause; there is always something to wait for; and when everything works again, everything arrives, and the expiry of a
//! token is not noticed.

use crate::bench::{OURS, STANDARD};
use crate::faults::{MOODS, step};
use crate::page::{Page, Provider, Stage};
use crate::random::{Random, mix};
use crate::server::{Answer, Asks, Mood};
use countersign::link::{Event, Pauses, Policy, Probe};
use countersign::core::time::DurationMs;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

const RUNS: u64 = 1_500;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
fn page(seed: u64) -> Page {
    let mut random = Random::new(mix(seed));
    let idle = random.pick(&[Some(DurationMs::ZERO), Some(DurationMs::seconds(3)), None]);
    let policy = match random.below(4) {
        0 => Policy { idle, attempts: random.pick(&[Some(5), Some(1), None]), ping: DurationMs(random.pick(&[0, 10_000])), ack: DurationMs(random.pick(&[0, 3_000])), ..STANDARD },
        1 => Policy { idle, attempts: random.pick(&[None, Some(3)]), ping: random.pick(&[OURS.ping, DurationMs::ZERO]), ..OURS },
        _ => Policy { idle, ..OURS },
    };
    let mut page = Page::new(policy, random);
    page.life = page.random.pick(&[Some(10_000), Some(15_000), Some(MINUTE), Some(MINUTE), Some(5 * MINUTE), None]);
    page.error = page.random.pick(&[Some(0), Some(0), Some(0), Some(1_500), Some(-1_500), Some(30_000), Some(-30_000), None]);
    page.latency = page.random.pick(&[1, 20, 150]);
    page.slow = page.random.pick(&[0, 100, 2_000]);
    page
}

/// Everything works again: all arrives, and goes on arriving.
fn calm(page: &mut Page) {
    page.mood = Mood::Well;
    page.provider = Provider::Well;
    page.found = Probe::Accepted;
    page.slow = page.slow.min(100);
    page.full = false;
    page.sockets.values_mut().for_each(|socket| socket.wire.full = false);
    for op in page.ops.iter().filter(|(_, op)| matches!(op.asks, Asks::Poison(_))).map(|(id, _)| *id).collect::<Vec<_>>() {
        page.tell(Event::Unsubscribe(op));
    }
    if page.policy.pauses == Pauses::Theirs || page.policy.ping == DurationMs::ZERO {
        // It has no deadlines of its own, or none before it knows the server's rhythm: the network says in the end that it is gone.
        let now = page.now;
        for (_, socket) in page.sockets.iter_mut().filter(|(_, socket)| socket.wire.frozen) {
            socket.wire.frozen = false;
            socket.wire.push(now, Answer::Closed(1006, ""));
            if socket.stage == Stage::Handshake(i64::MAX) {
                socket.stage = Stage::Init;
            }
        }
        if page.sockets.values().any(|socket| socket.wire.mood == Mood::Mute) {
            page.tell(Event::Terminate);
        }
    }
    page.tell(Event::Online(true));
    // The longest pause, the longest silence, the slowest query, and a rotation.
    page.run(4 * MINUTE, true);
    page.subscribe(Asks::Live, false);
    page.subscribe(Asks::Stream, false);
    if page.policy.idle.is_none() {
        page.tell(Event::Start);
    }
    page.flush();
    page.run(2 * MINUTE, true);
    // Who is told that a token of ten seconds lives for forty more takes his time.
    page.calm = page.error.is_none_or(|error| error <= 1_500) || page.life.is_none_or(|life| life >= MINUTE);
    let (opens, start) = (page.opens, page.now);
    for n in 0..300 {
        page.publish(1);
        if n % 20 == 0 {
            page.subscribe(Asks::Once, false);
            page.flush();
        }
        page.run(1_000, true);
        for (id, op) in &page.ops {
            assert!(!page.calm || op.asks == Asks::Once || op.last == page.server.log, "everything works, and operation {id} misses {}", page.server.log - op.last);
        }
    }
    if let Some(life) = page.life {
        // No client rotates more often than its tokens are renewed, and an error of the clock does not change that.
        let rotations = page.opens - opens;
        let most = (page.now - start) / (life / 2) + 2;
        assert!(rotations > 0 || life > 4 * MINUTE, "nothing was renewed in five minutes");
        assert!(rotations <= most as u64, "{rotations} rotations, {most} at most");
    }
    page.run(40_000, true);
    rest(page);
}

/// What runs on the server is what is wanted, each once; and then nothing is wanted.
fn rest(page: &mut Page) {
    assert!(page.ops.values().all(|op| op.asks != Asks::Once), "a query has no end");
    page.run(8_000, true);
    assert!(!page.calm || page.current.is_some());
    page.calm = false;
    if page.current.is_none() {
        return;
    }
    let changing = page.ops.values().any(|op| op.to.is_some()) || page.sockets.len() > 1;
    let running: usize = page.sockets.values().map(|socket| socket.wire.runs.len()).sum();
    assert!(changing || running == page.ops.len(), "{running} run, {} are wanted", page.ops.len());
    assert!(page.server.ran.values().all(|ran| *ran == 1), "a query was carried out twice");
    assert_eq!(page.sockets.len() > 1, changing, "a socket is left");
    assert!(changing || page.ops.values().all(|op| op.last == page.server.log), "not everything arrived");
    page.count("arrived");
    for op in page.ops.keys().copied().collect::<Vec<_>>() {
        page.tell(Event::Unsubscribe(op));
    }
    page.run(10_000, true);
    if !page.kept && page.policy.idle.is_some() {
        assert!(page.sockets.is_empty(), "a socket is left");
        page.run(2 * HOUR, true);
        let ticks = page.ticks;
        page.run(HOUR, true);
        assert_eq!((page.ticks, page.timer), (ticks, None), "it does nothing, often");
    }
}

/// After the end nothing is done, whatever comes.
fn dispose(page: &mut Page) {
    page.tell(Event::Dispose);
    for event in [Event::Tick, Event::Woken, Event::Online(true), Event::Paused, Event::Probed(Probe::Accepted), Event::Start, Event::Terminate] {
        page.tell(event);
    }
}

/// A run: faults, and then none. Sometimes it ends in the middle of them.
fn run(mut page: Page, steps: impl Iterator<Item = (u8, u16)>, ends: bool) -> BTreeMap<&'static str, u64> {
    if page.policy.idle.is_none() {
        page.tell(Event::Start);
    }
    page.subscribe(Asks::Live, false);
    page.subscribe(Asks::Stream, true);
    page.flush();
    for (what, how) in steps {
        step(&mut page, what, how);
    }
    if !ends {
        calm(&mut page);
    }
    dispose(&mut page);
    page.counts
}

/// Runs of which a failure names the seed.
fn each(seeds: std::ops::Range<u64>, run: impl Fn(u64) -> BTreeMap<&'static str, u64>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for seed in seeds {
        let Ok(seen) = catch_unwind(AssertUnwindSafe(|| run(seed))) else { panic!("seed {seed}") };
        seen.into_iter().for_each(|(what, count)| *counts.entry(what).or_default() += count);
    }
    counts
}

#[test]
fn whatever_happens_results_come_in_order_and_all_of_them_in_the_end() {
    let counts = each(0..RUNS, |seed| {
        let mut random = Random::new(mix(seed ^ 0x5eed));
        let steps = random.below(160);
        let ends = random.once_in(10);
        run(page(seed), (0..steps).map(|_| (random.below(57) as u8, random.below(65_536) as u16)), ends)
    });
    println!("{counts:#?}");
    // And all of it happened: a model in which nothing goes wrong proves nothing.
    for (what, least) in [
        ("First", RUNS),
        ("Retry", 5 * RUNS),
        ("Rotation", 10 * RUNS),
        ("Take", RUNS),
        ("Close", 10 * RUNS),
        ("Close broken", RUNS),
        ("Ping", RUNS),
        ("Reject", RUNS / 4),
        ("Probe", RUNS / 10),
        ("Pause", RUNS / 4),
        ("Unknown", RUNS / 4),
        ("Declined", RUNS / 10),
        ("Beat", 10 * RUNS),
        ("Error", RUNS / 4),
        ("behind", RUNS / 100),
        ("result", 300 * RUNS),
        ("arrived", RUNS / 2),
    ] {
        assert!(counts.get(what).is_some_and(|count| *count >= least), "{what}: {:?}, at least {least}", counts.get(what));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_done_in_whatever_order(seed in 0u64..1_000_000, steps in prop::collection::vec((0u8..57, any::<u16>()), 0..80)) {
        run(page(seed), steps.into_iter(), false);
    }
}

#[test]
fn whatever_the_server_does_nobody_is_asked_without_a_pause() {
    for seed in 0..300 {
        let mut page = page(seed);
        page.policy.attempts = page.policy.attempts.filter(|_| seed % 2 == 0);
        page.link = countersign::link::Link::new(page.policy);
        page.mood = page.random.pick(&MOODS);
        page.found = page.random.pick(&[Probe::Accepted, Probe::Passing, Probe::Refused, Probe::Unreachable]);
        page.provider = page.random.pick(&[Provider::Well, Provider::Well, Provider::Down, Provider::Nobody, Provider::Expired]);
        // Nothing but the machine takes any time.
        (page.latency, page.slow) = (0, 0);
        if page.policy.pauses == Pauses::Theirs && (page.policy.attempts.is_some() || page.provider == Provider::Nobody || page.mood == Mood::Bounces(4429, 0)) {
            // As with graphql-ws, who asks again at once after the end is not slowed down.
            continue;
        }
        let asks = page.random.pick(&[Asks::Live, Asks::Poison(4400), Asks::Poison(1000), Asks::Poison(4403)]);
        page.subscribe(asks, page.policy.pauses == Pauses::Ours);
        page.flush();
        for _ in 0..60 {
            let before = page.opens;
            page.run(MINUTE, true);
            let opens = page.opens - before;
            // The worst is a chain of shortest pauses, and they are jittered.
            assert!(opens <= 60, "seed {seed}: {opens} attempts in a minute, {:?} {:?}", page.mood, page.provider);
        }
        // Ours grow; who pauses himself may do so briefly. A socket that lasts for five seconds forgives everything.
        let most = if page.policy.pauses == Pauses::Ours { 900 } else { 2_400 };
        assert!(page.opens <= most, "seed {seed}: {} attempts in an hour, {:?} {:?}", page.opens, page.mood, page.provider);
    }
}
