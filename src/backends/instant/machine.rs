//! The bridge: keeps one Instant session equal to the identity of the countersign session.
//!
//! Instant swaps an identity token for a session that lives until it is revoked. So there is something to *leak*: a session that
//! nobody holds any more and nobody revoked. The machine is the single writer. It runs one exchange or one revocation at a time,
//! numbers each exchange, and revokes every session that it does not hold. Tokens stay outside; here they are small integers.
//!
//! At rest the held session belongs to the identity, or nothing is held; every other session it ever saw has been revoked.

use super::failure::Failure;
pub use super::words::{Effect, Event, Held, Identity, IdentityId, Owner, SessionId, State};
use crate::core::queue::Queue;

/// Waits after failures; the last one repeats. Milliseconds.
const LADDER: [i64; 6] = [1_000, 2_000, 5_000, 15_000, 30_000, 60_000];
/// Failures in a row before the page is told, while it goes on trying.
const PATIENCE: usize = 3;
/// Null tokens in a row before it counts as permanent.
const NO_TOKEN_TRIES: usize = 5;

fn rung(tries: usize) -> i64 {
    LADDER.get(tries.min(LADDER.len() - 1)).copied().unwrap_or(60_000)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Busy {
    No,
    /// `live`: its result is still wanted.
    Exchange { epoch: u32, identity: IdentityId, live: bool },
    Revoke(SessionId),
}

/// A guest session that was sent along: from then on it may be that user's, also when no answer came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sent {
    identity: IdentityId,
    /// At least one of the exchanges ended without saying whether it was done.
    unclear: bool,
}

/// A session to revoke.
#[derive(Clone, Copy, Debug)]
struct Grave {
    session: SessionId,
    due: i64,
    tries: usize,
}

/// How the exchange for the present identity is going.
#[derive(Clone, Copy, Debug, Default)]
struct Attempt {
    due: i64,
    tries: usize,
    force: bool,
    stopped: bool,
    // Each cure is tried once per identity: without this, two clocks that disagree would spin.
    forced_once: bool,
    waited_for_key: bool,
    dropped_session: bool,
}

/// The machine. One per Instant app and page.
#[derive(Debug)]
pub struct Bridge {
    identity: Identity,
    /// The last identity that was not `Unknown`: a hold is not a change.
    settled: Identity,
    loaded: bool,
    held: Option<Held>,
    sent: Option<Sent>,
    left: bool,
    epoch: u32,
    busy: Busy,
    graves: Vec<Grave>,
    attempt: Attempt,
    state: State,
    alarm: Option<i64>,
    effects: Queue<Effect>,
}

impl Default for Bridge {
    fn default() -> Self {
        Self::new()
    }
}

impl Bridge {
    /// Knows nothing and does nothing until it is told the identity and what storage holds.
    pub fn new() -> Self {
        Self {
            identity: Identity::Unknown,
            settled: Identity::Unknown,
            loaded: false,
            held: None,
            sent: None,
            left: false,
            epoch: 0,
            busy: Busy::No,
            graves: Vec::new(),
            attempt: Attempt::default(),
            state: State::Idle,
            alarm: None,
            effects: Queue::default(),
        }
    }

    /// The session in use, whoever it belongs to.
    pub fn held(&self) -> Option<Held> {
        self.held
    }

    /// The session that may be sent for the present identity.
    pub fn usable(&self) -> Option<SessionId> {
        self.held.filter(|held| self.loaded && self.is_right(held.owner)).map(|held| held.session)
    }

    /// What the page is shown.
    pub fn state(&self) -> State {
        self.state
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.take()
    }

    /// Takes an event. `now`: milliseconds of the local wall clock.
    pub fn handle(&mut self, event: Event, now: i64) {
        match event {
            Event::Identity(identity) => self.identify(identity, now),
            Event::Stored(found) if !self.loaded => {
                self.loaded = true;
                // The application was quicker than the storage: what it did counts.
                match found {
                    Some(found) if self.left || self.held.is_some() => {
                        self.bury(found.session, now);
                        if self.held.is_none() {
                            self.effects.add(Effect::Clear { dead: false });
                        }
                    }
                    Some(found) => self.held = Some(found),
                    None => {}
                }
            }
            Event::Exchanged { epoch, session } => self.exchanged(epoch, session, now),
            Event::Failed { epoch, failure } => self.failed(epoch, failure, now),
            Event::Revoked(session) => {
                self.release(session);
                self.graves.retain(|grave| grave.session != session);
            }
            Event::RevokeFailed(session) => {
                self.release(session);
                for grave in self.graves.iter_mut().filter(|grave| grave.session == session) {
                    grave.due = now.saturating_add(rung(grave.tries));
                    grave.tries += 1;
                }
            }
            Event::Adopt { session, guest } => {
                let owner = match self.settled {
                    Identity::User(user) => Owner::User(user),
                    Identity::Nobody | Identity::Unknown if guest => Owner::Guest,
                    Identity::Nobody | Identity::Unknown => Owner::Nobody,
                };
                self.keep(Held { session, owner }, now);
            }
            Event::StoredElsewhere(found) => self.join(found, now),
            Event::Leave { revoke } => {
                self.supersede();
                self.left = true;
                self.drop_held(!revoke, now);
            }
            Event::Lost(session) => {
                if self.held.is_some_and(|held| held.session == session) {
                    self.drop_held(true, now);
                    self.attempt.due = now;
                }
            }
            Event::Wake | Event::Retry => {
                self.attempt.due = now;
                for grave in &mut self.graves {
                    grave.due = now;
                }
                if event == Event::Retry {
                    self.attempt = Attempt { due: now, ..Attempt::default() };
                }
            }
            // It has gone off: a timer may come a moment early (or the clock was set back), and would never be set again.
            Event::Tick => self.alarm = None,
            Event::Stored(_) => {}
        }
        self.pump(now);
    }

    fn identify(&mut self, identity: Identity, now: i64) {
        self.identity = identity;
        if identity == Identity::Unknown || identity == self.settled {
            return;
        }
        self.settled = identity;
        self.supersede();
        self.left = false;
        self.attempt = Attempt { due: now, ..Attempt::default() };
    }

    /// Whatever is in flight was asked for somebody else: its result will be revoked, not used.
    fn supersede(&mut self) {
        if let Busy::Exchange { live, .. } = &mut self.busy {
            *live = false;
        }
    }

    fn exchanged(&mut self, epoch: u32, session: SessionId, now: i64) {
        let Busy::Exchange { epoch: current, identity, live } = self.busy else {
            return self.bury(session, now);
        };
        if current != epoch {
            return self.bury(session, now);
        }
        self.busy = Busy::No;
        if !live {
            return self.bury(session, now);
        }
        self.keep(Held { session, owner: Owner::User(identity) }, now);
    }

    /// The tabs of an app share one session: the one that was written down last. One for somebody else is left to the tab that wrote it, and
    /// one that this tab is ending would be dead in a moment.
    fn join(&mut self, found: Held, now: i64) {
        let ending = self.busy == Busy::Revoke(found.session) || self.graves.iter().any(|grave| grave.session == found.session);
        if !self.loaded || ending || !self.is_right(found.owner) || self.held == Some(found) {
            return;
        }
        self.hold(found, now);
    }

    fn failed(&mut self, epoch: u32, failure: Failure, now: i64) {
        let Busy::Exchange { epoch: current, live, .. } = self.busy else { return };
        if current != epoch {
            return;
        }
        self.busy = Busy::No;
        if !live {
            return;
        }
        if matches!(failure, Failure::Transient { .. } | Failure::Unknown) {
            self.sent = self.sent.map(|sent| Sent { unclear: true, ..sent });
        } else {
            self.sent = self.sent.filter(|sent| sent.unclear);
        }
        let attempt = &mut self.attempt;
        attempt.force = false;
        let wait = match failure {
            Failure::Transient { after_ms } => Some(after_ms.max(rung(attempt.tries))),
            Failure::Unknown => Some(rung(attempt.tries).max(2_000)),
            Failure::NoToken => (attempt.tries < NO_TOKEN_TRIES).then(|| rung(attempt.tries)),
            Failure::Expired => (!std::mem::replace(&mut attempt.forced_once, true)).then_some(0),
            Failure::KeyMissing => (!std::mem::replace(&mut attempt.waited_for_key, true)).then_some(5_000),
            Failure::StaleSession => (!std::mem::replace(&mut attempt.dropped_session, true)).then_some(0),
            Failure::Permanent => None,
        };
        attempt.force = matches!(failure, Failure::Expired | Failure::KeyMissing);
        attempt.tries += 1;
        match wait {
            Some(wait) => attempt.due = now.saturating_add(wait),
            None => attempt.stopped = true,
        }
        if failure == Failure::StaleSession {
            self.held = None;
            self.sent = None;
            self.effects.add(Effect::Clear { dead: true });
        }
    }

    fn release(&mut self, session: SessionId) {
        if self.busy == Busy::Revoke(session) {
            self.busy = Busy::No;
        }
    }

    fn keep(&mut self, next: Held, now: i64) {
        self.hold(next, now);
        self.effects.add(Effect::Store(next));
    }

    /// There is a session: nothing else is wanted, whoever asked for it, and what went wrong before is over.
    fn hold(&mut self, next: Held, now: i64) {
        self.supersede();
        self.left = false;
        self.attempt = Attempt { due: now, ..Attempt::default() };
        self.graves.retain(|grave| grave.session != next.session);
        self.sent = None;
        if let Some(previous) = self.held.replace(next) {
            self.bury(previous.session, now);
        }
    }

    fn drop_held(&mut self, dead: bool, now: i64) {
        self.sent = None;
        if let Some(held) = self.held.take() {
            if !dead {
                self.bury(held.session, now);
            }
            self.effects.add(Effect::Clear { dead });
        }
    }

    /// Never the one in use: a server gives the same session again when it is attached.
    fn bury(&mut self, session: SessionId, now: i64) {
        let held = self.held.is_some_and(|held| held.session == session);
        if !held && self.graves.iter().all(|grave| grave.session != session) {
            self.graves.push(Grave { session, due: now, tries: 0 });
        }
    }

    fn is_right(&self, owner: Owner) -> bool {
        match self.identity {
            Identity::Unknown => false,
            Identity::Nobody => owner == Owner::Nobody || (owner == Owner::Guest && self.sent.is_none()),
            Identity::User(user) => owner == Owner::User(user),
        }
    }

    /// Neither the identity's nor about to become so.
    fn is_wrong(&self, owner: Owner) -> bool {
        match self.identity {
            Identity::Unknown => false,
            Identity::User(user) if owner == Owner::Guest => self.sent.is_some_and(|sent| sent.identity != user),
            Identity::Nobody | Identity::User(_) => !self.is_right(owner),
        }
    }

    /// The identity that lacks a session, if one is to be got for it.
    fn wants(&self) -> Option<IdentityId> {
        let Identity::User(user) = self.identity else { return None };
        let lacking = self.held.is_none_or(|held| held.owner == Owner::Guest);
        (self.loaded && lacking && !self.left && !self.attempt.stopped).then_some(user)
    }

    fn pump(&mut self, now: i64) {
        if self.loaded && self.held.is_some_and(|held| self.is_wrong(held.owner)) {
            self.drop_held(false, now);
        }
        if self.busy == Busy::No {
            self.begin(now);
        }
        self.show();
        self.arm();
    }

    /// The old session first: then it is neither attached to the new exchange nor left behind by it.
    fn begin(&mut self, now: i64) {
        if let Some(grave) = self.graves.iter().find(|grave| grave.due <= now) {
            self.busy = Busy::Revoke(grave.session);
            self.effects.add(Effect::Revoke(grave.session));
        } else if let Some(identity) = self.wants().filter(|_| self.attempt.due <= now) {
            self.epoch = self.epoch.wrapping_add(1).max(1);
            self.busy = Busy::Exchange { epoch: self.epoch, identity, live: true };
            let attach = self.held.map(|held| held.session);
            if attach.is_some() {
                self.sent = self.sent.or(Some(Sent { identity, unclear: false }));
            }
            self.effects.add(Effect::Exchange { epoch: self.epoch, attach, force: self.attempt.force });
        }
    }

    fn show(&mut self) {
        let state = match self.identity {
            Identity::Unknown => return,
            _ if !self.loaded => return,
            _ if self.usable().is_some() => State::SignedIn,
            Identity::Nobody => State::SignedOut,
            Identity::User(_) if self.left => State::SignedOut,
            Identity::User(_) if self.attempt.stopped || self.attempt.tries >= PATIENCE => State::Failed,
            Identity::User(_) => State::SigningIn,
        };
        if state != self.state {
            self.state = state;
            self.effects.add(Effect::Notify(state));
        }
    }

    fn arm(&mut self) {
        let alarm = if self.busy == Busy::No {
            let exchange = self.wants().map(|_| self.attempt.due);
            self.graves.iter().map(|grave| grave.due).chain(exchange).min()
        } else {
            None
        };
        if alarm != self.alarm {
            self.alarm = alarm;
            self.effects.add(Effect::RetryAt(alarm));
        }
    }
}
