//! What the model makes of what reaches the session: who is told of whom, what the provider answers, who asks for what.

use countersign::core::lease::LeaseId;

use super::coverage::Hit;
use super::evidence::Evidence;
use super::model::{At, Call, Check, Flight, Got, MINUTE, Minted, Model, Pending, Phase, Said, Violation, What, promise};
use super::step::Somebody;

/// What the provider answered.
#[derive(Clone, Copy, Debug)]
pub enum Brought {
    /// A token, and when it ends by the local clock where no claim says it.
    Token(u32, Minted, Option<i64>),
    Nobody,
    Failed,
    /// And wants to be left alone for so long.
    Busy(i64),
}

/// Lives of tokens that say nothing of their end (H4, H5).
const FALLBACK: i64 = 60_000;
const OPAQUE: i64 = 30_000;

impl Model {
    /// "`undefined` = hold, `null` = signed out. The first identity adopts generation 0; every later change bumps it."
    pub fn hear(&mut self, told: Option<Option<Somebody>>) {
        if self.disposed {
            return;
        }
        self.gap = false;
        let Some(told) = told else {
            self.hold = true;
            return;
        };
        self.hold = false;
        match (self.said, told) {
            (Said::Nobody, None) => {}
            (Said::Never, None) => {
                // Tokens had said that somebody was there: that somebody has left.
                if self.doubt {
                    self.may = Some(None);
                } else if self.spoke == Some(true) {
                    self.bump();
                }
            }
            (Said::Person(_), None) => self.bump(),
            (Said::Never, Some(person)) => {
                // Known only from tokens: the same user goes on, another one does not, and where that cannot be told they are others.
                let another = |t: Somebody| !self.limits.comparable || t.user != person.user;
                if self.unsure {
                    self.may = Some(None);
                } else if self.trail.is_some_and(another) {
                    self.bump();
                }
            }
            (Said::Nobody, Some(_)) => self.bump(),
            (Said::Person(before), Some(person)) => {
                if before != person {
                    self.bump();
                    if before.user == person.user {
                        self.keys.iter_mut().for_each(|k| k.moved = true);
                    }
                }
            }
        }
        self.said = told.map_or(Said::Nobody, Said::Person);
    }

    /// A provider is there; `watches`: it will say who is signed in.
    pub fn connect(&mut self, watches: bool) {
        if self.disposed {
            return;
        }
        self.connected = true;
        if watches && self.said == Said::Never && !self.hold {
            self.hold = true;
            self.gap = false;
        } else if !watches && std::mem::take(&mut self.gap) {
            // Nobody will say whom the new one speaks for.
            self.bump();
            (self.said, self.hold, self.trail, self.spoke) = (Said::Never, false, None, None);
        }
    }

    pub fn disconnect(&mut self) {
        self.connected = false;
        self.flights.clear();
        self.forget_keys();
        if !std::mem::replace(&mut self.hold, true) {
            self.gap = true;
        }
    }

    /// The timer has gone off: it is not set any more.
    pub fn ticks(&mut self, at: At) {
        // Where the monotonic clock goes on in a sleep, a timer that comes far too late is what shows it.
        if self.armed.take().is_some_and(|armed| at.mono - armed > 90_000) {
            self.woken(at);
        }
        self.hit(Hit::Tick);
    }

    pub fn visible(&mut self, visible: bool) {
        self.visible = visible;
    }

    /// The end: the last fence.
    pub fn dispose(&mut self) {
        if !std::mem::replace(&mut self.disposed, true) {
            self.bump();
        }
    }

    /// The provider answers. A flight that is over (settled, dropped, of another generation) has no answer any more.
    pub fn answer(&mut self, at: At, id: u32, brought: Brought) {
        let Some(i) = self.flights.iter().position(|f| f.id == id) else { return };
        let flight = self.flights.remove(i);
        // One that has hung for so long may have been given up on.
        let joined = !flight.stray && at.mono - flight.began.mono < self.limits.stuck;
        let n = usize::from(flight.key);
        match brought {
            Brought::Failed if joined => self.failed(n, at, None),
            Brought::Busy(alone) if joined => self.failed(n, at, Some(alone)),
            // Of one that may have been given up on: the shorter rest is asked for, the longer one allowed.
            Brought::Failed => self.rests(n, at.mono),
            Brought::Busy(alone) => self.rests(n, at.mono.saturating_add(alone)),
            Brought::Nobody if joined && self.open() => {
                self.keys[n].nobody = self.step();
                if self.said == Said::Never {
                    if self.doubt {
                        self.may = Some(None);
                        self.trail = None;
                    } else if self.spoke == Some(true) {
                        self.bump();
                        self.trail = None;
                        self.keys[n].nobody = self.step();
                    }
                    (self.spoke, self.doubt) = (Some(false), false);
                }
            }
            // Of one that may have been given up on: it may be taken at its word.
            Brought::Nobody if self.open() => {
                self.keys[n].nobody = self.step();
                if self.said == Said::Never && self.spoke == Some(true) {
                    self.may = Some(None);
                    self.doubt = true;
                    self.unsure = true;
                }
            }
            Brought::Nobody => {}
            Brought::Token(token, minted, ends) => {
                let owner = minted.readable.then_some(minted.who);
                if let Some(owner) = owner
                    && self.another(owner)
                {
                    self.hit(Hit::AnotherUser);
                    if joined {
                        self.failed(n, at, None);
                    } else {
                        self.rests(n, at.mono);
                    }
                    return;
                }
                if self.said == Said::Never && !self.hold {
                    let differs = self.trail.is_some() && owner.is_some() && self.trail != owner;
                    if joined && differs && !self.unsure {
                        self.bump();
                        self.hit(Hit::Noticed);
                    } else if differs || self.unsure {
                        self.may = Some(Some(token));
                    }
                    if joined && owner.is_some() {
                        (self.trail, self.unsure) = (owner, false);
                    } else if owner.is_some() && self.trail != owner {
                        self.unsure = true;
                    }
                    (self.spoke, self.doubt) = (Some(true), self.doubt && !joined);
                }
                self.keep(at, n, (&flight, joined), token, minted, ends);
            }
        }
    }

    /// "A token whose `sub` differs from the identity's user, where the adapter says they are comparable, is refused."
    fn another(&self, owner: Somebody) -> bool {
        match self.said {
            Said::Person(person) => self.limits.comparable && person.user != owner.user,
            Said::Never => self.hold && !self.unsure && self.trail.is_some_and(|t| t != owner),
            Said::Nobody => false,
        }
    }

    fn rests(&mut self, key: usize, until: i64) {
        let key = &mut self.keys[key];
        (key.until, key.rumoured) = (key.until.min(until), key.rumoured.max(until).max(key.until));
    }

    /// H7: 0.5 s, doubled, give or take a quarter, at most a minute; the provider's own word wins.
    fn failed(&mut self, key: usize, at: At, alone: Option<i64>) {
        let key = &mut self.keys[key];
        let rest = (500_i64 << key.fails.min(10)).min(MINUTE) * 3 / 4;
        key.fails += 1;
        key.failed = at.mono;
        key.until = at.mono.saturating_add(alone.unwrap_or(rest));
    }

    /// The app says that tokens have changed: what could not get better by waiting may be mended now.
    pub fn invalidate(&mut self, at: At, key: Option<u8>) {
        for (n, k) in self.keys.iter_mut().enumerate() {
            if key.is_none_or(|key| usize::from(key) == n) && k.until.max(k.rumoured).saturating_sub(at.mono) > MINUTE {
                k.until = 0;
            }
        }
    }

    fn keep(&mut self, at: At, n: usize, (flight, joined): (&Flight, bool), token: u32, minted: Minted, ends: Option<i64>) {
        let key = &mut self.keys[n];
        if minted.readable {
            // Should the clock have been set meanwhile: the earlier of the two moments at which it may have been asked for.
            let asked = flight.began.wall.min(at.wall - (at.mono - flight.began.mono));
            let minted_since = (flight.forced && key.newest.is_none_or(|newest| minted.iat > newest)).then_some(asked);
            // Whether an answer that may have come too late was read is not known, nor then whether the next one of its key is newer.
            key.blurred |= !joined;
            self.vague |= !joined || (flight.forced && key.blurred);
            self.evidence.sample(minted.iat, minted_since, at.wall);
            key.newest = key.newest.max(Some(minted.iat));
            // A token of years to come would make every other one look expired. Where a forced one is good by the page's own clock and by no skew that is
            // thought possible, what was thought is given up (the spec leaves open which of the two lies).
            if flight.forced && minted.exp.is_some_and(|exp| exp > at.wall && exp <= at.wall + self.evidence.low()) {
                self.evidence = Evidence::default();
                self.evidence.sample(minted.iat, None, at.wall);
                key.newest = Some(minted.iat);
            }
        }
        self.learned();
        let key = &mut self.keys[n];
        let ttl = if minted.readable { FALLBACK } else { OPAQUE };
        let ends = ends.unwrap_or(at.wall + ttl);
        let life = match minted.exp {
            Some(exp) if minted.readable => exp - minted.iat,
            _ => ends - at.wall,
        };
        (key.life, key.short) = if !joined { (key.life.max(life), key.short.min(life)) } else { (life, life) };
        let until = std::mem::take(&mut key.until);
        key.fails = 0;
        key.moved &= !flight.forced;
        if !joined {
            // It may have come too late to be kept.
            key.rumoured = key.rumoured.max(until);
            key.perhaps = true;
        } else {
            if key.turn != self.steps {
                key.previous = key.last;
            }
            // Two within a step, one from inside the other: what was decided on the first may be said after the second.
            (key.brought, key.last, key.perhaps) = (Some(at.mono), Some(token), key.turn == self.steps);
            key.turn = self.steps;
        }
        if self.got.len() <= token as usize {
            self.got.resize(token as usize + 1, None);
        }
        let slot = &mut self.got[token as usize];
        let forced = if flight.forced { Some(self.seq) } else { slot.and_then(|g| g.forced) };
        let before = slot.filter(|g| !joined && g.generation == self.generation).map_or(ends, |g| g.ends);
        let ends = ends.max(before);
        *slot = Some(Got { generation: self.generation, forced, ends, token: minted });
    }

    fn waits(&mut self, at: At, n: u32, key: Option<u8>, what: What, timeout: Option<i64>) {
        if let Some(key) = key {
            self.keys[usize::from(key)].read = Some(at.mono);
        }
        self.pending.push(Pending { n, what, key, generation: self.generation, seq: self.seq, deadline: timeout.map(|t| at.mono + t) });
    }

    pub fn gets(&mut self, at: At, n: u32, key: u8, forced: bool, timeout: Option<i64>) {
        self.hit(if forced { Hit::GetForced } else { Hit::Get });
        self.waits(at, n, Some(key), What::Get { forced }, Some(timeout.unwrap_or(self.limits.timeout)));
    }

    pub fn leases(&mut self, at: At, n: u32, key: u8, after: Option<(u32, LeaseId)>) {
        // One of another generation says nothing of this one's tokens.
        let ours = |token: u32| self.got.get(token as usize).copied().flatten().is_some_and(|g| g.generation == self.generation);
        let after = after.filter(|(token, _)| ours(*token)).map(|(_, id)| id);
        self.waits(at, n, Some(key), What::Lease { after }, None);
    }

    pub fn calls(&mut self, at: At, n: u32, key: Option<u8>, anonymous: bool, replayable: bool) {
        self.hit(if key.is_some() { Hit::Request } else { Hit::Bare });
        let call = Call { anonymous, replayable, phase: Phase::Waiting, sends: 0, token: None };
        self.waits(at, n, key, What::Call(call), Some(self.limits.timeout));
    }

    /// The caller gave up, or the network did: nobody is owed anything. Whether somebody was.
    pub fn gone(&mut self, n: u32) -> bool {
        let before = self.pending.len();
        self.pending.retain(|p| p.n != n);
        before != self.pending.len()
    }

    /// The nth of those who wait.
    pub fn waiting(&self, n: u8) -> Option<u32> {
        (!self.pending.is_empty()).then(|| self.pending[usize::from(n) % self.pending.len()].n)
    }

    /// The token that a request carries just now.
    pub fn carries(&self, n: u32) -> Option<u32> {
        self.pending.iter().find(|p| p.n == n).and_then(|p| match p.what {
            What::Call(call) => call.token,
            _ => None,
        })
    }

    pub fn is_call(&self, n: u32) -> bool {
        self.pending.iter().any(|p| p.n == n && matches!(p.what, What::Call(_)))
    }

    /// After a time in which the provider worked. Invariant 5, "waiters always settle": nobody waits for a token, a socket for its first neither (`provided`:
    /// the provider spoke for the one who is expected here).
    pub fn calmed(&mut self, provided: bool) -> Check {
        for p in &self.pending {
            promise!(p.deadline.is_none(), 5, "{} still waits", p.n);
            if let (What::Lease { after: None }, Some(key)) = (p.what, p.key) {
                let may = provided && self.open() && self.keys[usize::from(key)].until.max(self.keys[usize::from(key)].rumoured) <= self.looked.map_or(0, |at| at.mono);
                promise!(!may, 5, "the lease {} starves although the provider works", p.n);
            }
        }
        Ok(())
    }

    /// Whom the session would take a token of.
    pub fn expects(&self) -> Option<Somebody> {
        match self.said {
            Said::Person(person) => Some(person),
            _ => self.trail,
        }
    }

    /// Who the identity source said is there.
    pub fn person(&self) -> Option<Somebody> {
        match self.said {
            Said::Person(person) => Some(person),
            _ => None,
        }
    }

    pub fn key_of(&self, n: u32) -> u8 {
        self.pending.iter().find(|p| p.n == n).and_then(|p| p.key).unwrap_or(0)
    }

    /// A server that took a token shows its clock, and need not be believed: until the next wake it is not known what the session thinks of the clocks.
    pub fn shown(&mut self) {
        self.vague = true;
    }
}
