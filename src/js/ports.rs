//! The browser as the driver's world.

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::answer::Token;
use super::host::Host;
use super::http;
use crate::auth::entry::{FlightId, KeyId, Reason};
use crate::auth::machine::{Decision, Notice};
use crate::core::error::Why;
use crate::core::lease::Lease;
use crate::core::time::UnixMillis;
use crate::driver::ports::Ports;

/// The world of one session.
pub struct Browser {
    host: Host,
    /// What every request of this generation is bound to.
    fence: RefCell<AbortController>,
}

impl Browser {
    /// # Errors
    /// What the platform threw when it made an AbortController.
    pub fn new(host: Host) -> Result<Self, JsValue> {
        Ok(Self { host, fence: RefCell::new(AbortController::new()?) })
    }
}

impl Ports for Browser {
    type Value = Token;

    fn now(&self) -> UnixMillis {
        UnixMillis(js_sys::Date::now() as i64)
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    fn ask(&self, flight: FlightId, key: KeyId, force: bool, reason: Reason) {
        self.host.ask(flight.0, key.0, force, reason as u8);
    }

    fn drop_ask(&self, flight: FlightId) {
        self.host.drop(flight.0);
    }

    fn give(&self, pending: u32, lease: Option<&Lease<Token>>) {
        self.host.give(pending, lease.map_or(&JsValue::NULL, |l| &l.value.0));
    }

    fn lend(&self, pending: u32, lease: Option<&Lease<Token>>) {
        match lease {
            Some(lease) => self.host.lend(pending, &lease.value.0, lease.not_after.0 as f64, lease.id.0),
            None => self.host.lend(pending, &JsValue::NULL, 0.0, 0),
        }
    }

    fn send(&self, call: u32, token: Option<&Token>) {
        let signal = self.fence.borrow().signal();
        let Some(prepared) = self.host.prepare(call, &signal, token.map_or(&JsValue::UNDEFINED, |t| &t.0)) else { return };
        match http::send(&prepared) {
            Ok(promise) => self.host.follow(call, &promise),
            Err(thrown) => self.host.follow(call, &js_sys::Promise::reject(&thrown)),
        }
    }

    fn read(&self, call: u32) {
        self.host.read(call);
    }

    fn deliver(&self, call: u32) {
        self.host.give(call, &JsValue::UNDEFINED);
    }

    fn fail(&self, pending: u32, why: Why) {
        self.host.fail(pending, why as u8);
    }

    fn fence(&self, _: u32) {
        if let Ok(next) = AbortController::new() {
            let old = self.fence.replace(next);
            old.abort_with_reason(&self.host.fenced());
        }
    }

    fn mirror(&self, key: KeyId, hit: Option<(&Token, UnixMillis, UnixMillis)>) {
        match hit {
            Some((token, from, until)) => self.host.mirror(key.0, &token.0, from.0 as f64, until.0 as f64),
            None => self.host.mirror(key.0, &JsValue::UNDEFINED, 0.0, 0.0),
        }
    }

    /// Numbers only; `pkg/src/core/words.ts` has the words, in this order.
    fn notice(&self, notice: &Notice) {
        let (kind, key, a, b, c) = match *notice {
            Notice::Identity(None) => (0, None, 0.0, 0.0, 0.0),
            Notice::Identity(Some(None)) => (0, None, 1.0, 0.0, 0.0),
            Notice::Identity(Some(Some(mark))) => (0, None, 2.0, (mark.0 >> 32) as f64, (mark.0 & 0xffff_ffff) as f64),
            Notice::Status(status) => (1, None, f64::from(status as u8), 0.0, 0.0),
            Notice::Forget => (2, None, 0.0, 0.0, 0.0),
            Notice::Token(key, expires, reason) => (3, Some(key), expires.0 as f64, f64::from(reason as u8), 0.0),
            Notice::RefreshFailed(key, why) => (4, Some(key), f64::from(why as u8), 0.0, 0.0),
            Notice::Rejected(key) => (5, Some(key), 0.0, 0.0, 0.0),
            Notice::Untold => (6, None, 0.0, 0.0, 0.0),
            Notice::Decision(key, decision) => match decision {
                Decision::Asked(reason, forced) => (7, Some(key), f64::from(reason as u8), f64::from(u8::from(forced)), 0.0),
                Decision::Refreshed(left, lead, skew) => (8, Some(key), left.0 as f64, lead.0 as f64, skew.0 as f64),
                Decision::Kept(left, again) => (9, Some(key), left.0 as f64, again.0 as f64, 0.0),
                Decision::Failed(left, wait) => (10, Some(key), left.0 as f64, wait.0 as f64, 0.0),
            },
        };
        self.host.notice(kind, key.map_or(-1, |k| k.0 as i32), a, b, c);
    }

    fn wake_at(&self, at: Option<UnixMillis>) {
        // The clamp is the second one, after the machine's own: a delay over 2^31 ms would fire at once.
        self.host.wake(at.map_or(-1.0, |at| (at - self.now()).0.clamp(0, 60_000) as f64));
    }
}
