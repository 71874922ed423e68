//! A subscription to a Fauna event source, for JavaScript: events in as numbers, effects out as short lists of numbers.

use crate::backends::fauna::stream::{Effect, Event, Policy, Stream, Via};
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// Decides when a subscription connects, waits and ends. Cursors, events and tokens stay in JavaScript.
#[wasm_bindgen]
pub struct FaunaStream {
    // Methods take `&self`: an effect that JavaScript carries out at once may come back in while another method is on the stack.
    stream: RefCell<Stream>,
}

#[wasm_bindgen]
impl FaunaStream {
    /// `every`: milliseconds between two pages of a feed, negative: a stream. `first`: attempts until the first success; `attempts`: later ones, 0: without
    /// end. `backoff`: the longest pause in milliseconds. `query`: the source comes from a query, which can run again.
    #[wasm_bindgen(constructor)]
    pub fn new(every: f64, first: u32, attempts: u32, backoff: f64, query: bool) -> Self {
        let policy = Policy {
            via: if every < 0.0 { Via::Stream } else { Via::Feed(DurationMs(every as i64)) },
            first_attempts: first,
            attempts: (attempts > 0).then_some(attempts),
            max_backoff: DurationMs(backoff as i64),
            query,
        };
        Self { stream: RefCell::new(Stream::new(policy)) }
    }

    /// Something happened to connection `id`. what: 0 start, 1 sourced, 2 heard, 3 page (a 1: there is more), 4 refused (code; a: status or 0), 5 garbled, 6 ended, 7 dropped,
    /// 8 fatal, 9 renewed, 10 woken, 11 seen (a 1: yes), 12 held (a 1: yes), 13 tick, 14 close.
    #[allow(clippy::too_many_arguments)]
    pub fn tell(&self, what: u32, id: u32, a: u16, code: &str, mono: f64, wall: f64, random: f64) {
        let event = match what {
            0 => Event::Start,
            1 => Event::Sourced(id),
            2 => Event::Heard(id),
            3 => Event::Page(id, a == 1),
            4 => Event::Refused(id, code, a),
            5 => Event::Garbled(id),
            6 => Event::Ended(id),
            7 => Event::Dropped(id),
            8 => Event::Fatal(id),
            9 => Event::Renewed,
            10 => Event::Woken,
            11 => Event::Seen(a == 1),
            12 => Event::Held(a == 1),
            13 => Event::Tick,
            14 => Event::Close,
            _ => return,
        };
        let now = Now { wall: UnixMillis(wall as i64), mono: Mono(mono as i64) };
        self.stream.borrow_mut().handle(event, now, random);
    }

    /// The next effect as `[what, a, b]`, or nothing. what: 0 source (a id), 1 connect (a id, b cause), 2 abort (a id), 3 open, 4 wait (a milliseconds, b cause), 5 resync,
    /// 6 wake in (a milliseconds, -1: no need), 7 end. Causes by the order of `Cause`.
    pub fn poll(&self) -> Option<Vec<f64>> {
        let effect = self.stream.borrow_mut().poll()?;
        Some(match effect {
            Effect::Source(id) => vec![0.0, f64::from(id)],
            Effect::Connect(id, cause) => vec![1.0, f64::from(id), f64::from(cause as u8)],
            Effect::Abort(id) => vec![2.0, f64::from(id)],
            Effect::Open => vec![3.0],
            Effect::Wait(time, cause) => vec![4.0, time.0 as f64, f64::from(cause as u8)],
            Effect::Resync => vec![5.0],
            Effect::WakeIn(time) => vec![6.0, time.map_or(-1.0, |time| time.0 as f64)],
            Effect::End => vec![7.0],
        })
    }
}
