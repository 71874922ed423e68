//! The Instant bridge for JavaScript.

use super::live::{Live, Machine, Told};
use crate::backends::instant::failure::{Answer, Failure};
use crate::backends::instant::machine::{Bridge, Effect, Event, Held, Identity, IdentityId, Owner, SessionId, State};
use crate::core::time::Now;
use wasm_bindgen::prelude::*;

/// A machine that keeps one Instant session equal to the identity, idle until it is told the identity and what storage holds. Tokens and users
/// stay in JavaScript; sessions and identities are numbers from 1, 0 is none.
///
/// What it is told: 0 identity (a: -1 not known, 0 nobody, else its number), 1 stored (id session, 0: nothing; a owner: -2 a guest, -1 a stranger,
/// 0 nobody, else the identity's number), 2 exchanged (id session; a epoch, 0: not wanted), 3 an exchange failed with an answer (id epoch; a status, 0: no
/// answer; b milliseconds for which the server asked to be left alone; text: `type`, `hint.record-type` and `message` of its body, a line each), 4 the
/// same of one that a session was sent along with, 5 no token for an exchange (id epoch), 6 it failed before it was sent, in a way that only a person can
/// change (id epoch), 7 revoked (id session; a 1: done, also when the server did not know it), 8 the application signed in by itself (id session; a 1: as a guest),
/// 9 or out (a 1: revoke), 10 the server does not know a session any more (id), 11 time passed, 12 the page woke up or the network returned,
/// 13 somebody asks again after a failure, 14 another tab wrote a session down (id session; a owner).
///
/// Its effects: 0 exchange (a epoch, b session to attach, c 1: with a new token), 1 revoke (a session), 2 store (a session, b owner as above),
/// 3 clear (a 1: without a request), 4 notify (a: 0 idle, 1 signing in, 2 signed in, 3 signed out, 4 failed), 5 retry at (a time, -1: no need).
#[wasm_bindgen(js_name = instantBridge)]
pub fn instant_bridge() -> Machine {
    Machine::of(Bridge::new())
}

impl Live for Bridge {
    fn tell(&mut self, Told { what, id, a, b, text }: Told<'_>, now: Now, _: f64) {
        let session = SessionId(id);
        let number = a as i32;
        let failed = |failure| Event::Failed { epoch: id, failure };
        let held = || Held {
            session,
            owner: match number {
                -2 => Owner::Guest,
                0 => Owner::Nobody,
                other => u32::try_from(other).map_or(Owner::Stranger, |id| Owner::User(IdentityId(id))),
            },
        };
        let event = match what {
            0 => Event::Identity(match u32::try_from(number) {
                Err(_) => Identity::Unknown,
                Ok(0) => Identity::Nobody,
                Ok(id) => Identity::User(IdentityId(id)),
            }),
            1 => Event::Stored((id != 0).then(held)),
            2 => Event::Exchanged { epoch: number as u32, session },
            3 | 4 => {
                let mut lines = text.splitn(3, '\n');
                let mut line = || lines.next().unwrap_or_default();
                failed(Failure::of(&Answer { status: a as u16, kind: line(), record: line(), text: line(), attached: what == 4, retry_after_ms: b as i64 }))
            }
            5 => failed(Failure::NoToken),
            6 => failed(Failure::Permanent),
            7 => if number == 1 { Event::Revoked(session) } else { Event::RevokeFailed(session) },
            8 => Event::Adopt { session, guest: number == 1 },
            9 => Event::Leave { revoke: number == 1 },
            10 => Event::Lost(session),
            11 => Event::Tick,
            12 => Event::Wake,
            13 => Event::Retry,
            14 => Event::StoredElsewhere(held()),
            _ => return,
        };
        self.handle(event, now.wall.0);
    }

    fn usable(&self) -> u32 {
        Bridge::usable(self).map_or(0, |session| session.0)
    }

    fn poll(&mut self) -> Option<[f64; 4]> {
        let (what, a, b, c) = match Bridge::poll(self)? {
            Effect::Exchange { epoch, attach, force } => (0, f64::from(epoch), attach.map_or(0.0, |session| f64::from(session.0)), force),
            Effect::Revoke(session) => (1, f64::from(session.0), 0.0, false),
            Effect::Store(held) => {
                let owner = match held.owner {
                    Owner::User(id) => f64::from(id.0),
                    Owner::Nobody => 0.0,
                    Owner::Stranger => -1.0,
                    Owner::Guest => -2.0,
                };
                (2, f64::from(held.session.0), owner, false)
            }
            Effect::Clear { dead } => (3, f64::from(u8::from(dead)), 0.0, false),
            Effect::Notify(state) => {
                let state = match state {
                    State::Idle => 0,
                    State::SigningIn => 1,
                    State::SignedIn => 2,
                    State::SignedOut => 3,
                    State::Failed => 4,
                };
                (4, f64::from(state), 0.0, false)
            }
            Effect::RetryAt(at) => (5, at.map_or(-1.0, |at| at as f64), 0.0, false),
        };
        Some([f64::from(what), a, b, f64::from(u8::from(c))])
    }
}
