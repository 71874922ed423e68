//! The Instant bridge for JavaScript: events in as numbers and short texts, effects out as short lists of numbers.

use crate::backends::instant::failure::{Answer, Failure};
use crate::backends::instant::machine::{Bridge, Effect, Event, Held, Identity, IdentityId, Owner, SessionId, State};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// Keeps one Instant session equal to the identity. Tokens and users stay in JavaScript; sessions and identities are numbers from 1,
/// 0 is none. Every method takes the wall clock in milliseconds last.
#[wasm_bindgen]
pub struct InstantBridge {
    // Methods take `&self`: an effect that JavaScript carries out at once may come back in while another object method is on the stack.
    bridge: RefCell<Bridge>,
}

#[wasm_bindgen]
#[allow(clippy::new_without_default)]
impl InstantBridge {
    /// Idle until it is told the identity and what storage holds.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self { bridge: RefCell::new(Bridge::new()) }
    }

    /// The identity: -1 not known, 0 nobody, else its number.
    pub fn identity(&self, id: i32, now: f64) {
        let identity = match u32::try_from(id) {
            Err(_) => Identity::Unknown,
            Ok(0) => Identity::Nobody,
            Ok(id) => Identity::User(IdentityId(id)),
        };
        self.handle(Event::Identity(identity), now);
    }

    /// What storage held: session 0 is nothing; owner -2 a guest, -1 a stranger, 0 nobody, else the identity's number.
    pub fn stored(&self, session: u32, owner: i32, now: f64) {
        let owner = match owner {
            -2 => Owner::Guest,
            0 => Owner::Nobody,
            other => u32::try_from(other).map_or(Owner::Stranger, |id| Owner::User(IdentityId(id))),
        };
        let held = (session != 0).then_some(Held { session: SessionId(session), owner });
        self.handle(Event::Stored(held), now);
    }

    /// An exchange gave a session; epoch 0 for one that is not wanted.
    pub fn exchanged(&self, epoch: u32, session: u32, now: f64) {
        self.handle(Event::Exchanged { epoch, session: SessionId(session) }, now);
    }

    /// An exchange failed with this answer; status 0 is no answer.
    #[allow(clippy::too_many_arguments)]
    pub fn failed(&self, epoch: u32, status: u16, kind: &str, text: &str, record: &str, attached: bool, retry_after_ms: f64, now: f64) {
        let answer = Answer { status, kind, text, record, attached, retry_after_ms: retry_after_ms as i64 };
        self.handle(Event::Failed { epoch, failure: Failure::of(&answer) }, now);
    }

    /// The provider had no token for an exchange.
    #[wasm_bindgen(js_name = noToken)]
    pub fn no_token(&self, epoch: u32, now: f64) {
        self.handle(Event::Failed { epoch, failure: Failure::NoToken }, now);
    }

    /// An exchange failed before it was sent, in a way that only a person can change.
    pub fn refused(&self, epoch: u32, now: f64) {
        self.handle(Event::Failed { epoch, failure: Failure::Permanent }, now);
    }

    /// A revocation ended; `done` also when the server did not know the session.
    pub fn revoked(&self, session: u32, done: bool, now: f64) {
        let session = SessionId(session);
        self.handle(if done { Event::Revoked(session) } else { Event::RevokeFailed(session) }, now);
    }

    /// The application signed in by itself.
    pub fn adopt(&self, session: u32, now: f64) {
        self.handle(Event::Adopt(SessionId(session)), now);
    }

    /// The application signed out by itself.
    pub fn leave(&self, revoke: bool, now: f64) {
        self.handle(Event::Leave { revoke }, now);
    }

    /// The server does not know this session any more.
    pub fn lost(&self, session: u32, now: f64) {
        self.handle(Event::Lost(SessionId(session)), now);
    }

    /// Time passed.
    pub fn tick(&self, now: f64) {
        self.handle(Event::Tick, now);
    }

    /// The page woke up or the network returned.
    pub fn wake(&self, now: f64) {
        self.handle(Event::Wake, now);
    }

    /// Somebody asks again after a failure.
    pub fn retry(&self, now: f64) {
        self.handle(Event::Retry, now);
    }

    /// The session that may be sent for the present identity, or 0.
    pub fn usable(&self) -> u32 {
        self.bridge.borrow().usable().map_or(0, |session| session.0)
    }

    /// The next effect as `[what, a, b, c]`, or nothing. what: 0 exchange (a epoch, b session to attach, c 1: with a new token), 1 revoke (a session), 2 store (a session, b owner as in `stored`), 3 clear (a 1: without a request), 4 notify (a: 0 idle,
    /// 1 signing in, 2 signed in, 3 signed out, 4 failed), 5 retry at (a time, -1: no need).
    pub fn poll(&self) -> Option<Vec<f64>> {
        let effect = self.bridge.borrow_mut().poll()?;
        Some(match effect {
            Effect::Exchange { epoch, attach, force } => {
                vec![0.0, f64::from(epoch), f64::from(attach.map_or(0, |session| session.0)), f64::from(u8::from(force))]
            }
            Effect::Revoke(session) => vec![1.0, f64::from(session.0)],
            Effect::Store(held) => {
                let owner = match held.owner {
                    Owner::User(id) => f64::from(id.0),
                    Owner::Nobody => 0.0,
                    Owner::Stranger => -1.0,
                    Owner::Guest => -2.0,
                };
                vec![2.0, f64::from(held.session.0), owner]
            }
            Effect::Clear { dead } => vec![3.0, f64::from(u8::from(dead))],
            Effect::Notify(state) => {
                let state = match state {
                    State::Idle => 0,
                    State::SigningIn => 1,
                    State::SignedIn => 2,
                    State::SignedOut => 3,
                    State::Failed => 4,
                };
                vec![4.0, f64::from(state)]
            }
            Effect::RetryAt(at) => vec![5.0, at.map_or(-1.0, |at| at as f64)],
        })
    }
}

impl InstantBridge {
    fn handle(&self, event: Event, now: f64) {
        self.bridge.borrow_mut().handle(event, now as i64);
    }
}
