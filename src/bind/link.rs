//! A connection of operations, for JavaScript.

use super::live::{Live, Machine, Told};
#[cfg(feature = "hasura")]
use crate::backends::hasura::close::{hasura, standard};
use crate::link::{Close, Effect, Event, Kind, Link, Pauses, Policy, Probe};
use crate::core::time::{DurationMs, Now};
use wasm_bindgen::prelude::*;

/// With the table of codes that it goes by.
struct Connection {
    link: Link,
    codes: u8,
}

/// What the end of a socket means there.
#[cfg_attr(not(feature = "hasura"), allow(unused_variables))]
fn closed(codes: u8, code: u16, words: &str) -> Close {
    match codes {
        #[cfg(feature = "hasura")]
        1 => hasura(code, words),
        #[cfg(feature = "hasura")]
        2 => standard(code),
        _ => Close::Passing,
    }
}

/// A machine that decides which socket is opened and closed when, and which operation is on it. `codes`: what close codes mean, 0 nothing (Instant), 1 Hasura's,
/// 2 those of npm graphql-ws, with its pauses. `attempts` in a row, negative: without end. `idle`: how long a socket without operations is kept, negative: for ever. `connect`, `ack`, `ping`:
/// milliseconds, 0: for ever or never.
///
/// What it is told: 0 start, 1 subscribe (a 1: a subscription), 2 unsubscribe, 3 opened, 4 acked (a: milliseconds its token is good, NaN: unknown), 5 heard,
/// 6 arrived (a: socket), 7 ended, 8 closed (a: code; text: reason), 9 lost, 10 failed, 11 renewed, 12 probed (a: 0 accepted, 1 passing, 2 refused, 3 unreachable),
/// 13 woken, 14 online (a 1: yes), 15 paused, 16 tick, 17 terminate, 18 dispose, 19 refrained, 20 beat, 21 declined (a: socket). The one it happened to is an operation (1, 2, 6, 7, 21)
/// or a socket.
///
/// Its effects: 0 open (a socket, b cause), 1 send (a operation, b socket), 2 stop (a operation, b socket), 3 take (a operation, b socket), 4 close (a socket, b code),
/// 5 ping (a socket), 6 finish (a operation, b how), 7 reject (a socket), 8 probe, 9 pause (a attempt), 10 status (a status, b milliseconds),
/// 11 wake in (a milliseconds, -1: no need). Causes, ends and statuses by the order of their types.
#[wasm_bindgen(js_name = link)]
pub fn link(codes: u8, attempts: f64, idle: f64, connect: f64, ack: f64, ping: f64) -> Machine {
    let span = |ms: f64| DurationMs(ms as i64);
    let policy = Policy {
        attempts: (attempts >= 0.0).then_some(attempts as u32),
        pauses: if codes == 2 { Pauses::Theirs } else { Pauses::Ours },
        tokens: codes == 1,
        idle: (idle >= 0.0).then(|| span(idle)),
        connect: span(connect),
        ack: span(ack),
        ping: span(ping),
        dead: codes != 2,
    };
    Machine::of(Connection { link: Link::new(policy), codes })
}

impl Live for Connection {
    fn tell(&mut self, Told { what, id, a, text, .. }: Told<'_>, now: Now, random: f64) {
        let event = match what {
            0 => Event::Start,
            1 => Event::Subscribe(id, if a == 1.0 { Kind::Live } else { Kind::Once }),
            2 => Event::Unsubscribe(id),
            3 => Event::Opened(id),
            4 => Event::Acked(id, (!a.is_nan()).then_some(DurationMs(a as i64))),
            5 => Event::Heard(id),
            6 => Event::Arrived(id, a as u32),
            7 => Event::Ended(id),
            8 => Event::Closed(id, closed(self.codes, a as u16, text)),
            9 => Event::Lost(id),
            10 => Event::Failed(id),
            11 => Event::Renewed(id),
            12 => Event::Probed(match a as u8 {
                0 => Probe::Accepted,
                1 => Probe::Passing,
                2 => Probe::Refused,
                _ => Probe::Unreachable,
            }),
            13 => Event::Woken,
            14 => Event::Online(a == 1.0),
            15 => Event::Paused,
            16 => Event::Tick,
            17 => Event::Terminate,
            18 => Event::Dispose,
            19 => Event::Refrained,
            20 => Event::Beat(id),
            21 => Event::Declined(id, a as u32),
            _ => return,
        };
        self.link.handle(event, now, random);
    }

    fn poll(&mut self) -> Option<[f64; 4]> {
        let effect = self.link.poll()?;
        let (what, a, b) = match effect {
            Effect::Open(socket, cause) => (0, socket.into(), f64::from(cause as u8)),
            Effect::Send(op, socket) => (1, op.into(), socket.into()),
            Effect::Stop(op, socket) => (2, op.into(), socket.into()),
            Effect::Take(op, socket) => (3, op.into(), socket.into()),
            Effect::Close(socket, code) => (4, socket.into(), code.into()),
            Effect::Ping(socket) => (5, socket.into(), 0.0),
            Effect::Finish(op, end) => (6, op.into(), f64::from(end as u8)),
            Effect::Reject(socket) => (7, socket.into(), 0.0),
            Effect::Probe => (8, 0.0, 0.0),
            Effect::Pause(attempt) => (9, attempt.into(), 0.0),
            Effect::Status(status, wait) => (10, f64::from(status as u8), wait.0 as f64),
            Effect::WakeIn(time) => (11, time.map_or(-1.0, |time| time.0 as f64), 0.0),
        };
        Some([f64::from(what), a, b, 0.0])
    }
}
