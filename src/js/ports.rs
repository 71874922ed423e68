//! The browser as the driver's world.

use wasm_bindgen::prelude::*;

use super::answer::Token;
use super::host::{self, Host};
use crate::auth::entry::{FlightId, KeyId, Reason};
use crate::auth::machine::{Decision, Notice};
use crate::core::error::Why;
use crate::core::lease::Lease;
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};
use crate::driver::ports::Ports;

/// The world of one session.
pub struct Browser(pub Host);

/// An end of the skew, for JavaScript; NaN: not known.
pub fn end(ms: Option<i64>) -> f64 {
    ms.map_or(f64::NAN, |ms| ms as f64)
}

impl Ports for Browser {
    type Value = Token;

    fn now(&self) -> Now {
        Now { wall: UnixMillis(host::wall() as i64), mono: Mono(self.0.now() as i64) }
    }

    fn random(&self) -> f64 {
        host::random()
    }

    fn ask(&self, flight: FlightId, key: KeyId, force: bool, reason: Reason) {
        self.0.ask(flight.0, key.0, force, reason as u8);
    }

    fn drop_ask(&self, flight: FlightId) {
        self.0.drop(flight.0);
    }

    fn give(&self, pending: u32, lease: Option<&Lease<Token>>) {
        self.0.give(pending, lease.map_or(&JsValue::NULL, |l| &l.value.0));
    }

    fn lend(&self, pending: u32, lease: Option<&Lease<Token>>) {
        match lease {
            Some(lease) => self.0.lend(pending, &lease.value.0, lease.not_after.0 as f64, lease.id.0),
            None => self.0.lend(pending, &JsValue::NULL, 0.0, 0),
        }
    }

    fn send(&self, call: u32, token: Option<&Token>) {
        self.0.send(call, token.map_or(&JsValue::UNDEFINED, |t| &t.0));
    }

    fn read(&self, call: u32) {
        self.0.read(call);
    }

    fn deliver(&self, call: u32) {
        self.0.give(call, &JsValue::UNDEFINED);
    }

    fn fail(&self, pending: u32, why: Why) {
        self.0.fail(pending, why as u8);
    }

    fn fence(&self, _: u32) {
        self.0.fence();
    }

    fn mirror(&self, key: KeyId, hit: Option<(&Token, UnixMillis, UnixMillis)>) {
        match hit {
            Some((token, from, until)) => self.0.mirror(key.0, &token.0, from.0 as f64, until.0 as f64),
            None => self.0.mirror(key.0, &JsValue::UNDEFINED, 0.0, 0.0),
        }
    }

    /// Numbers only; `pkg/src/core/words.ts` has the words, in this order.
    fn notice(&self, notice: &Notice) {
        let (kind, key, numbers) = match *notice {
            Notice::Identity(None) => (0, None, [0; 2]),
            Notice::Identity(Some(None)) => (0, None, [1, 0]),
            Notice::Identity(Some(Some(mark))) => (0, None, [2, mark.number()]),
            Notice::Status(status) => (1, None, [status as i64, 0]),
            Notice::Forget => (2, None, [0; 2]),
            Notice::Token(key, expires, reason) => (3, Some(key), [expires.0, reason as i64]),
            Notice::RefreshFailed(key, why) => (4, Some(key), [why as i64, 0]),
            Notice::Rejected(key) => (5, Some(key), [Why::SameToken as i64, 0]),
            Notice::Untold => (6, None, [0; 2]),
            Notice::Decision(key, decision) => match decision {
                Decision::Asked(reason, forced) => (7, Some(key), [reason as i64, i64::from(forced)]),
                Decision::Refreshed(left, lead, _) => (8, Some(key), [left.0, lead.0]),
                Decision::Kept(left, again) => (9, Some(key), [left.0, again.0]),
                Decision::Failed(left, wait) => (10, Some(key), [left.0, wait.0]),
                Decision::Denied => (11, Some(key), [0; 2]),
            },
            Notice::Wake => (12, None, [0; 2]),
            Notice::Odd(key, odd) => (13, Some(key), [odd as i64, 0]),
        };
        let (low, high) = match notice {
            Notice::Decision(_, Decision::Refreshed(.., skew)) => skew.bounds(),
            _ => (None, None),
        };
        let [a, b] = numbers.map(|n| n as f64);
        self.0.notice(kind, key.map_or(-1, |k| k.0 as i32), a, b, end(low), end(high));
    }

    fn wake_in(&self, after: Option<DurationMs>) {
        // The clamp is the second one, after the machine's own: a delay over 2^31 ms would fire at once.
        self.0.wake(after.map_or(-1.0, |after| after.0.clamp(0, 600_000) as f64));
    }
}
