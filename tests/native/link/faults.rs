//! What goes wrong, and what users do meanwhile.

use crate::model::{HOUR, MINUTE};
use crate::page::{Page, Provider};
use crate::server::{Answer, Asks, Mood};
use countersign::link::{Event, Probe};

const INIT_FAILED: &str = r#"{"server_error_msg":"4400: Connection initialization failed: Could not verify JWT: JWTExpired"}"#;

pub const MOODS: [Mood; 13] = [
    Mood::Unreachable,
    Mood::Unreachable,
    Mood::Hangs,
    Mood::Mute,
    Mood::Refuses(4403, ""),
    Mood::Refuses(4403, ""),
    Mood::Refuses(4400, INIT_FAILED),
    Mood::Bounces(1006, 0),
    Mood::Bounces(1000, 0),
    Mood::Bounces(4403, 0),
    Mood::Bounces(1006, 4_990),
    Mood::Bounces(1006, 5_010),
    Mood::Bounces(4429, 0),
];

const CODES: [u16; 14] = [1000, 1001, 1005, 1006, 1006, 1006, 1011, 1012, 4400, 4401, 4403, 4409, 4429, 4500];

/// What a step asks for, by two numbers: a failing run shrinks to few and small ones.
pub fn step(page: &mut Page, what: u8, how: u16) {
    let pick = |count: usize| usize::from(how) % count.max(1);
    match what {
        0..16 => {
            let most = [10, 1_000, 10_000, 60_000, 120_000][pick(5)];
            page.run(i64::from(how) * most / 65_536, true);
        }
        16..22 => {
            let asks = [Asks::Live, Asks::Live, Asks::Stream, Asks::Stream, Asks::Once, Asks::Once, Asks::Once][pick(7)];
            page.subscribe(asks, how.is_multiple_of(11));
            page.flush();
        }
        22 if how.is_multiple_of(4) => {
            page.subscribe(Asks::Poison([4400, 4429, 1000, 1006, 4403][pick(5)]), false);
            page.flush();
        }
        22..25 => {
            let Some(op) = page.ops.keys().nth(pick(page.ops.len())).copied() else { return };
            page.tell(Event::Unsubscribe(op));
        }
        25..30 => page.publish([1, 1, 2, 40][pick(4)]),
        30..33 => page.mood = MOODS[pick(MOODS.len())],
        33..37 => page.mood = Mood::Well,
        37..40 => {
            let code = CODES[pick(CODES.len())];
            let now = page.now;
            if let Some(socket) = page.sockets.values_mut().nth(usize::from(how % 3)) {
                if how.is_multiple_of(2) && !socket.wire.gone {
                    // What is on the way is lost with it.
                    socket.wire.pipe.clear();
                }
                socket.wire.push(now, Answer::Closed(code, ""));
            }
        }
        40 => {
            if let Some(socket) = page.sockets.values_mut().nth(usize::from(how % 3)) {
                socket.wire.frozen = true;
            }
        }
        41 => page.provider = [Provider::Down, Provider::Nobody, Provider::Expired][pick(3)],
        42..44 => page.provider = Provider::Well,
        44 => page.found = [Probe::Accepted, Probe::Passing, Probe::Refused, Probe::Unreachable][pick(4)],
        45..47 => sleep(page, how),
        47 => {
            page.wall_lost += [20_000, -20_000, HOUR, -HOUR][pick(4)];
            page.outside();
        }
        48 => page.tell(Event::Woken),
        49 => page.tell(Event::Online(how.is_multiple_of(2))),
        50 if how.is_multiple_of(4) => page.tell(Event::Terminate),
        50 | 51 => page.tell(Event::Tick),
        52..55 => late(page, how),
        55 => {
            let Some(id) = page.sockets.keys().nth(pick(page.sockets.len())).copied() else { return };
            page.tell(Event::Renewed(id));
        }
        _ => {
            // The server ends one.
            let now = page.now;
            let at = usize::from(how % 2);
            if let Some(socket) = page.sockets.values_mut().nth(at)
                && let Some(op) = socket.wire.runs.iter().find(|(_, (asks, _))| *asks != Asks::Once).map(|(op, _)| *op)
            {
                socket.wire.runs.remove(&op);
                socket.wire.push(now, if how.is_multiple_of(3) { Answer::Complete(op) } else { Answer::Failed(op) });
            }
        }
    }
}

/// The page is put to sleep; one of its clocks may stand still meanwhile, and its sockets may be gone without a word.
fn sleep(page: &mut Page, how: u16) {
    let time = [1_000, 20_000, MINUTE, HOUR, 10 * HOUR][usize::from(how) % 5];
    page.run(time / 2, false);
    page.publish(1);
    page.run(time / 2, false);
    match how % 3 {
        0 => {
            page.mono_lost += time;
            page.timer = page.timer.map(|at| at + time);
        }
        1 => page.wall_lost += time,
        _ => {}
    }
    if how.is_multiple_of(7) {
        page.sockets.values_mut().for_each(|socket| socket.wire.frozen = true);
    }
    page.outside();
    if how.is_multiple_of(2) {
        page.tell(Event::Woken);
    }
}

/// Something about a socket or an operation that is over.
fn late(page: &mut Page, how: u16) {
    let Some(id) = page.gone.iter().rev().nth(usize::from(how) % 3).copied() else { return };
    // That it slept, it finds out whatever is said.
    page.tell(Event::Heard(id));
    let op = (1..=page.last_op).rev().find(|op| !page.ops.contains_key(op)).unwrap_or(u32::MAX);
    let alive = page.ops.keys().next().copied().unwrap_or(u32::MAX);
    let close = page.close(CODES[usize::from(how) % CODES.len()], "");
    let events = [
        Event::Opened(id),
        Event::Acked(id, None),
        Event::Heard(id),
        Event::Arrived(op, id),
        Event::Arrived(alive, id),
        Event::Declined(alive, id),
        Event::Beat(id),
        Event::Ended(op),
        Event::Unsubscribe(op),
        Event::Closed(id, close),
        Event::Lost(id),
        Event::Failed(id),
        Event::Renewed(id),
    ];
    let event = events[usize::from(how / 16) % events.len()];
    let clocks = page.clocks();
    page.link.handle(event, clocks, 0.5);
    assert_eq!(page.link.poll(), None, "{event:?}");
}
