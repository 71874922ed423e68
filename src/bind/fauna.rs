//! A subscription to a Fauna event source, for JavaScript.

use super::live::{Live, Machine, Told};
use crate::backends::fauna::stream::{Effect, Event, Policy, Stream, Via};
use crate::core::time::{DurationMs, Now};
use wasm_bindgen::prelude::*;

/// A machine that decides when a subscription connects, waits and ends. `every`: milliseconds between two pages of a feed, negative: a stream.
/// `first`: attempts until the first success; `attempts`: later ones, 0: without end. `backoff`: the longest pause in milliseconds.
/// `query`: the source comes from a query, which can run again.
///
/// What it is told: 0 start, 1 sourced, 2 heard, 3 page (a 1: there is more), 4 refused (text: its code; a: status or 0), 5 garbled, 6 ended, 7 dropped,
/// 8 fatal, 9 renewed, 10 woken, 11 seen (a 1: yes), 12 held (a 1: yes), 13 tick, 14 close. The one it happened to is a connection.
///
/// Its effects: 0 source (a id), 1 connect (a id, b cause), 2 abort (a id), 3 open, 4 wait (a milliseconds, b cause), 5 resync,
/// 6 wake in (a milliseconds, -1: no need), 7 end. Causes by the order of `Cause`.
#[wasm_bindgen(js_name = faunaStream)]
pub fn fauna_stream(every: f64, first: u32, attempts: u32, backoff: f64, query: bool) -> Machine {
    Machine::of(Stream::new(Policy {
        via: if every < 0.0 { Via::Stream } else { Via::Feed(DurationMs(every as i64)) },
        first_attempts: first,
        attempts: (attempts > 0).then_some(attempts),
        max_backoff: DurationMs(backoff as i64),
        query,
    }))
}

impl Live for Stream {
    fn tell(&mut self, Told { what, id, a, text, .. }: Told<'_>, now: Now, random: f64) {
        let yes = a == 1.0;
        let event = match what {
            0 => Event::Start,
            1 => Event::Sourced(id),
            2 => Event::Heard(id),
            3 => Event::Page(id, yes),
            4 => Event::Refused(id, text, a as u16),
            5 => Event::Garbled(id),
            6 => Event::Ended(id),
            7 => Event::Dropped(id),
            8 => Event::Fatal(id),
            9 => Event::Renewed,
            10 => Event::Woken,
            11 => Event::Seen(yes),
            12 => Event::Held(yes),
            13 => Event::Tick,
            14 => Event::Close,
            _ => return,
        };
        self.handle(event, now, random);
    }

    fn poll(&mut self) -> Option<[f64; 4]> {
        let (what, a, b) = match Stream::poll(self)? {
            Effect::Source(id) => (0, f64::from(id), 0),
            Effect::Connect(id, cause) => (1, f64::from(id), cause as u8),
            Effect::Abort(id) => (2, f64::from(id), 0),
            Effect::Open => (3, 0.0, 0),
            Effect::Wait(time, cause) => (4, time.0 as f64, cause as u8),
            Effect::Resync => (5, 0.0, 0),
            Effect::WakeIn(time) => (6, time.map_or(-1.0, |time| time.0 as f64), 0),
            Effect::End => (7, 0.0, 0),
        };
        Some([f64::from(what), a, f64::from(b), 0.0])
    }
}
