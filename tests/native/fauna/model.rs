//! Hours of faults in a moment. Whatever happens: the consumer gets the server's log without a gap, a double or a change of order, except
//! where it is told to read anew; there is one connection at most, and always something to wait for; nobody is asked without a pause; and
//! when everything works again, everything arrives.

use crate::page::Page;
use crate::random::{Random, mix};
use crate::server::{Chunk, Mood};
use countersign::backends::fauna::stream::{Event, Policy, Via};
use countersign::core::time::DurationMs;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

const RUNS: u64 = 4_000;
const HOUR: i64 = 3_600_000;

/// Those that pass, and one that does not.
const MOODS: [Mood; 17] = [
    Mood::Unreachable,
    Mood::Mute,
    Mood::Portal,
    Mood::Says("unauthorized", 401),
    Mood::Says("", 502),
    Mood::Says("limit_exceeded", 429),
    Mood::Cuts(0, true),
    Mood::Cuts(4_990, true),
    Mood::Cuts(5_010, true),
    Mood::Cuts(0, false),
    Mood::Fails(0, "permission_loss"),
    Mood::Fails(5_010, "permission_loss"),
    Mood::Fails(0, "stream_replay_volume_exceeded"),
    Mood::Fails(5_010, "stream_replay_volume_exceeded"),
    Mood::Fails(0, "stream_overflow"),
    Mood::Fails(5_010, "internal_error"),
    Mood::Says("invalid_request", 400),
];

fn page(seed: u64) -> Page {
    let mut random = Random::new(mix(seed));
    let policy = Policy {
        via: if random.once_in(3) { Via::Feed(DurationMs::seconds(10)) } else { Via::Stream },
        first_attempts: random.pick(&[1, 3, 10]),
        attempts: random.pick(&[None, None, None, None, Some(3), Some(10)]),
        max_backoff: DurationMs::seconds(random.pick(&[5, 20, 60])),
        query: !random.once_in(4),
    };
    let life = random.pick(&[20_000, 60_000, 60_000, 300_000, HOUR, 24 * HOUR]);
    Page::new(policy, life, random)
}

/// Something from outside.
fn disturb(page: &mut Page) {
    let now = page.now;
    match page.random.below(40) {
        0..10 => {
            let count = page.random.pick(&[1, 1, 1, 2, 5, 40, 200]);
            page.server.publish(count, page.wire.as_mut(), now, &mut page.random);
        }
        10..13 => {
            // What may not be tried again ends the run: seldom.
            let last = if page.random.once_in(10) { MOODS.len() } else { MOODS.len() - 1 };
            page.server.mood = page.random.pick(&MOODS[..last]);
        }
        13..19 => page.server.mood = Mood::Well,
        19..24 => {
            let chunk = page.random.pick(&[Chunk::End, Chunk::Reset, Chunk::Error("permission_loss", 0), Chunk::Error("stream_overflow", 0), Chunk::Garbage]);
            if let Some(wire) = &mut page.wire {
                wire.dead |= page.random.once_in(5);
                wire.push(now, chunk);
            }
        }
        24..27 => sleep(page),
        27 => page.tell(Event::Woken),
        28..30 => {
            page.hidden = !page.hidden;
            let seen = !page.hidden;
            page.tell(Event::Seen(seen));
        }
        30..33 => {
            let held = !page.held;
            page.hold(held);
        }
        33 => page.server.floor = page.server.log,
        34..36 => page.provider = !page.provider,
        36 => page.tell(Event::Tick),
        37 | 38 => late(page),
        _ => last(page),
    }
}

/// The page is put to sleep; one of its clocks may stand still meanwhile, and its connection may be gone without a word.
fn sleep(page: &mut Page) {
    let time = page.random.pick(&[1_000, 20_000, 60_000, HOUR, 10 * HOUR]);
    let before = page.now;
    for _ in 0..page.random.below(4) {
        page.run(time / 4, false);
        let now = page.now;
        page.server.publish(1, page.wire.as_mut(), now, &mut page.random);
    }
    page.run(before + time - page.now, false);
    match page.random.below(3) {
        0 => {
            page.mono_lost += time;
            page.timer = page.timer.map(|at| at + time);
        }
        1 => page.wall_lost += time,
        _ => {}
    }
    if let Some(wire) = &mut page.wire {
        match page.random.below(3) {
            0 => wire.dead = true,
            1 => wire.push(page.now, Chunk::Reset),
            _ => {}
        }
    }
    if page.random.once_in(2) {
        page.tell(Event::Woken);
    }
}

/// Something about a connection that is over.
fn late(page: &mut Page) {
    // The last one only once it has ended.
    let Some(id) = page.last_id.checked_sub(u32::from(page.wire.is_some()) + page.random.below(3)) else { return };
    let events = [
        Event::Sourced(id),
        Event::Heard(id),
        Event::Page(id, true),
        Event::Refused(id, "invalid_request", 400),
        Event::Garbled(id),
        Event::Ended(id),
        Event::Dropped(id),
        Event::Fatal(id),
    ];
    // That nobody is signed in any more is heard between two connections too.
    let event = page.random.pick(if page.over() || id < page.last_id { &events } else { &events[..7] });
    page.machine.handle(event, Default::default(), 0.0);
    assert_eq!(page.machine.poll(), None, "{event:?}, {} is the last", page.last_id);
}

/// The end, seldom.
fn last(page: &mut Page) {
    match page.random.below(40) {
        0 => {
            let id = page.last_id;
            page.tell(Event::Fatal(id));
        }
        1 => page.close(),
        _ => {}
    }
}

/// A run: faults, and then none.
fn run(seed: u64) -> BTreeMap<String, u64> {
    let mut page = page(seed);
    let (mut outside, start) = (0, page.now);
    page.tell(Event::Start);
    // Mostly it works at first: what fails from the beginning is given up.
    let first = page.random.pick(&[0, 5_000, 5_000, 5_000]);
    page.run(first, true);
    for _ in 0..page.random.below(150) {
        let most = page.random.pick(&[10, 1_000, 10_000, 60_000, 600_000]);
        let time = page.random.within(0, most);
        page.run(time, true);
        let before = page.server.log;
        disturb(&mut page);
        outside += 3 + (page.server.log - before) / 4;
    }
    bounded(&page, start, outside);

    page.server.mood = Mood::Well;
    page.provider = true;
    page.hidden = false;
    page.tell(Event::Seen(true));
    page.hold(false);
    calm(&mut page, 600_000);
    for _ in 0..3 {
        let now = page.now;
        page.server.publish(2, page.wire.as_mut(), now, &mut page.random);
        calm(&mut page, 20_000);
    }
    if !page.over() {
        assert_eq!(page.known, page.server.log, "everything works, and not everything arrived");
        *page.counts.entry("arrived".into()).or_default() += 1;
    }
    page.counts
}

/// A consumer that is quick again.
fn calm(page: &mut Page, ms: i64) {
    for _ in 0..ms / 1_000 {
        page.run(1_000, true);
        if page.held {
            page.hold(false);
        }
    }
}

/// At worst each connection lasts for five seconds, just long enough, and then the source must be made anew: two requests.
fn bounded(page: &Page, start: i64, outside: u64) {
    let most = 50 + outside + ((page.now - start) / 2_500) as u64;
    assert!(page.requests <= most, "{} requests, {most} at most", page.requests);
}

/// Runs of which a failure names the seed.
fn each(seeds: std::ops::Range<u64>, run: impl Fn(u64) -> BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for seed in seeds {
        let Ok(seen) = catch_unwind(AssertUnwindSafe(|| run(seed))) else { panic!("seed {seed}") };
        seen.into_iter().for_each(|(what, count)| *counts.entry(what).or_default() += count);
    }
    counts
}

#[test]
fn what_the_consumer_sees_is_the_log_whatever_happens() {
    let counts = each(0..RUNS, run);
    println!("{counts:#?}");
    // And all of it happened: a model in which nothing goes wrong proves nothing.
    for (what, least) in [
        ("Connect None", 10_000),
        ("Connect Renewed", 10_000),
        ("Connect Woken", 1_000),
        ("Connect PermissionLoss", 1_000),
        ("Wait Ended", 1_000),
        ("Wait Dropped", 1_000),
        ("Wait Silent", 1_000),
        ("Wait PermissionLoss", 500),
        ("Wait Refused", 1_000),
        ("Wait Resync", 300),
        ("Resync", 500),
        ("event", 100_000),
        ("End", RUNS / 10),
        ("arrived", RUNS / 4),
    ] {
        assert!(counts.get(what).is_some_and(|count| *count >= least), "{what}: {:?}, at least {least}", counts.get(what));
    }
}

#[test]
fn whatever_the_server_does_nobody_is_asked_without_a_pause() {
    each(0..1_000, |seed| {
        let mut page = page(seed);
        (page.policy.attempts, page.policy.first_attempts) = (None, u32::MAX);
        // Also with a provider whose tokens are old when they come.
        page.life = page.random.pick(&[1, 1_000, 5_000, 60_000]);
        page.machine = countersign::backends::fauna::stream::Stream::new(page.policy);
        let start = page.now;
        page.tell(Event::Start);
        page.run(60_000, true);
        page.server.mood = page.random.pick(&MOODS);
        if let Some(wire) = &mut page.wire {
            wire.push(page.now, Chunk::Reset);
        }
        page.run(3 * HOUR, true);
        bounded(&page, start, 0);
        page.counts
    });
}
