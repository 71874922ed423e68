//! What the session does to the world, held against its promises: each check says which words of DESIGN.md §4 (by number) or which hazard it is about.

use countersign::core::error::Why;
use countersign::core::lease::LeaseId;

use super::backend::Says;
use super::coverage::Hit;
use super::model::{At, Call, Cause, Check, FLOOR, Flight, Model, Pending, Phase, Said, Violation, What, no_request, promise};

impl Model {
    /// The provider is asked.
    pub fn ask(&mut self, at: At, id: u32, key: u8, forced: bool) -> Check {
        self.seq += 1;
        // 1, "not after sign-out": nobody, or somebody unknown, has no token to be asked for.
        promise!(self.open(), 1, "the provider is asked while nobody is signed in, or nobody knows who");
        // 4, "one flight per key"; H8: beside one that hangs a second may start, never a third.
        let mine = || self.flights.iter().filter(|f| f.key == key);
        let stuck = self.limits.stuck;
        promise!(mine().filter(|f| !f.stray).all(|f| at.mono - f.began.mono >= stuck), 4, "a second flight of key {key} while one is in the air");
        promise!(mine().count() <= 1, 4, "a third flight of key {key}");
        let second = mine().count() == 1;
        // 5, "refresh calls are bounded (per key, per minute) whatever the provider, the clock or the server does".
        if forced {
            let key_spent = Self::window(&mut self.keys[usize::from(key)].forced, at.mono) >= self.limits.forced;
            promise!(!key_spent, 5, "more forced calls of key {key} within a minute than its budget of {}", self.limits.forced);
            let all_spent = Self::window(&mut self.forced, at.mono) >= self.limits.forced_all;
            promise!(!all_spent, 5, "more forced calls within a minute than the budget of {}", self.limits.forced_all);
            self.forced.push_back(at.mono);
            self.keys[usize::from(key)].forced.push_back(at.mono);
        }
        let k = &self.keys[usize::from(key)];
        // H7: 0.5 s, doubled, give or take a quarter, at most a minute, or what the provider asked for; one forced call may break the first of them.
        promise!(at.mono >= k.until || (forced && k.fails <= 1), 5, "key {key} is asked {} ms after failure number {}", at.mono - k.failed, k.fails);
        let wanted = self.pending.iter().any(|p| p.key == Some(key) && !matches!(p.what, What::Call(Call { phase: Phase::Wire | Phase::Final, .. })));
        if self.cause == Cause::Tick && !wanted {
            // 3, "timers only pre-warm (keys with a live lease, or read within the last lifetime, in a visible tab)". Two seconds: the jitter of background keys.
            promise!(self.visible, 3, "a timer of a hidden page asks for key {key}, and nobody waits");
            let idle = k.read.map_or(i64::MAX, |read| at.mono - read);
            promise!(idle <= k.life + 2_000, 3, "a timer asks for key {key}, which was read {idle} ms ago and lives {} ms", k.life);
            // 5: and not again within min(5 s, life / 4) of the last success.
            let rest = (k.short / 4).min(5_000);
            promise!(k.brought.is_none_or(|then| at.mono - then >= rest), 5, "a timer asks for key {key} sooner than {rest} ms after it was brought");
            promise!(k.fails > 0 || k.asked.is_none_or(|then| at.mono - then >= rest), 5, "a timer asks for key {key} sooner than {rest} ms after it was asked for");
        }
        if k.moved && !forced {
            // H10: the provider's cache may still hold a token of the old organisation.
            promise!(false, 1, "the first token of key {key} after a change of organisation is not forced");
        }
        self.keys[usize::from(key)].asked = Some(at.mono);
        for flight in self.flights.iter_mut().filter(|f| f.key == key) {
            flight.stray = true;
        }
        self.flights.push(Flight { id, key, forced, began: at, stray: false });
        self.hit(if forced { Hit::AskForced } else { Hit::AskUnforced });
        if second {
            self.hit(Hit::AskSecond);
        }
        self.asking.push(key);
        Ok(())
    }

    /// The provider has been asked; what it does now it does not do from inside.
    pub fn asked(&mut self) {
        self.asking.pop();
    }

    pub fn drop_ask(&mut self, id: u32) -> Check {
        self.seq += 1;
        // 4, "callers own receivers, never the flight".
        promise!(self.cause != Cause::GaveUp, 4, "a flight is dropped because a caller gave up");
        self.flights.retain(|f| f.id != id);
        self.hit(Hit::Dropped);
        Ok(())
    }

    pub(super) fn find(&mut self, n: u32) -> Result<usize, Violation> {
        // 5, "waiters always settle", and once.
        self.pending.iter().position(|p| p.n == n).ok_or(Violation { invariant: 5, what: format!("number {n} is answered, and nobody waits under it any more") })
    }

    /// Invariants 1 and 3 for a token that leaves the session, to whomever.
    pub(super) fn leaves(&self, token: u32, at: At) -> Check {
        let generation = self.generation;
        let Some(got) = self.got.get(token as usize).copied().flatten() else {
            return Err(Violation { invariant: 1, what: format!("token {token} leaves, and no provider call of this session brought it, or its user is another one") });
        };
        // 1, "no request issued in identity generation g carries a token obtained before g".
        promise!(got.generation == generation, 1, "token {token} of generation {} leaves in generation {generation}", got.generation);
        // 1, by the other evidence: its owner.
        if let (Said::Person(person), true, true) = (self.said, self.limits.comparable, got.token.readable) {
            promise!(got.token.who.user == person.user, 1, "token {token} of user {} leaves while user {} is signed in", got.token.who.user, person.user);
        }
        // 3, "expired for every skew in the interval: such a token is never sent".
        promise!(self.vague || !self.expired(token, at, self.floor), 3, "token {token} leaves and has expired by every clock that the evidence allows");
        Ok(())
    }

    /// A waiter is given a token, or told that nobody is signed in.
    pub fn give(&mut self, at: At, n: u32, lease: Option<(u32, LeaseId)>) -> Check {
        self.seq += 1;
        let i = self.find(n)?;
        let waiter = self.pending.swap_remove(i);
        let Some((token, id)) = lease else { return self.nobody_for(&waiter) };
        promise!(self.open(), 1, "token {token} is given to {n} while nobody is signed in, or nobody knows who");
        self.leaves(token, at)?;
        match waiter.what {
            What::Get { forced } => {
                // 4, "a forced refresh joins only a forced flight": never an older unforced one.
                let brought = self.got[token as usize].and_then(|g| g.forced);
                promise!(!forced || brought.is_some_and(|seq| seq > waiter.seq), 4, "{n} asked for a forced token and is given {token}, which no forced call brought since");
                if waiter.generation != self.generation {
                    self.hit(Hit::Restarted);
                }
            }
            What::Lease { after } => {
                // 1: only whoever has used no token yet may go on in another generation.
                promise!(after.is_none() || waiter.generation == self.generation, 1, "the lease {n} follows one of generation {} and is given in {}", waiter.generation, self.generation);
                promise!(after != Some(id), 4, "the lease {n} was to differ from {id:?}");
                self.hit(if after.is_some() { Hit::LentNext } else { Hit::Lent });
            }
            What::Call(_) => promise!(false, 1, "the request {n} is given a token by value"),
        }
        Ok(())
    }

    /// "Nobody" is an answer when nobody is, or when the provider has just said so.
    fn nobody_for(&mut self, waiter: &Pending) -> Check {
        let just = waiter.key.is_some_and(|k| self.keys[usize::from(k)].nobody == self.step());
        promise!(self.said == Said::Nobody || just, 5, "{} is told that nobody is signed in", waiter.n);
        Ok(())
    }

    /// A number for the outermost event that is being handled.
    pub(super) fn step(&self) -> u64 {
        self.steps
    }

    /// A request goes out.
    pub fn send(&mut self, at: At, n: u32, token: Option<u32>) -> Check {
        self.seq += 1;
        let i = self.find(n)?;
        let waiter = self.pending[i];
        let What::Call(mut call) = waiter.what else { return Err(no_request(n)) };
        // 1, "a request belongs to the generation in which it was called; if that ends first it rejects".
        promise!(waiter.generation == self.generation, 1, "the request {n} was called in generation {} and is sent in {}", waiter.generation, self.generation);
        promise!(!self.disposed, 1, "the request {n} is sent after the end");
        if let Some(token) = token {
            promise!(self.open(), 1, "the request {n} is sent with token {token} while nobody is signed in, or nobody knows who");
            self.leaves(token, at)?;
        } else if waiter.key.is_some() {
            promise!(call.anonymous, 1, "the request {n} needs a token and is sent without");
            self.nobody_for(&waiter)?;
            self.hit(Hit::Anonymous);
        }
        self.hit(Hit::Send);
        match call.phase {
            Phase::Waiting => {}
            // 6, "with a different token".
            Phase::Refused(_) => {
                promise!(token.is_some() && token != call.token, 6, "the request {n} was refused with token {:?} and is replayed with {token:?}", call.token);
                self.hit(Hit::Replay);
            }
            // 6, "or with the same one after a classified clock wait".
            Phase::Paused(until) => {
                promise!(token == call.token, 6, "the request {n} waited for the clock and is replayed with another token");
                promise!(at.mono >= until, 6, "the request {n} is replayed {} ms too early", until - at.mono);
                self.hit(Hit::Repeat);
            }
            Phase::Wire | Phase::Final => promise!(false, 6, "the request {n} is sent again although nothing asked for it"),
        }
        call.sends += 1;
        // 6, "at most one replay, of a replayable body".
        promise!(call.sends <= 2, 6, "the request {n} is sent {} times", call.sends);
        promise!(call.sends == 1 || call.replayable, 6, "the request {n} is replayed and its body cannot be");
        call.phase = Phase::Wire;
        call.token = token;
        self.pending[i].what = What::Call(call);
        self.pending[i].deadline = None;
        Ok(())
    }

    /// A response has said something of the token that its request carried.
    pub fn judged(&mut self, at: At, n: u32, says: Says) {
        let Some(waiter) = self.pending.iter_mut().find(|p| p.n == n) else { return };
        let What::Call(call) = &mut waiter.what else { return };
        // 6, "only where the backend's classifier says so".
        let again = call.replayable && call.sends == 1 && call.token.is_some();
        call.phase = match says {
            Says::Renew if again => Phase::Refused(at.mono + self.limits.timeout),
            Says::Later if again => Phase::Paused(at.mono + 1_500),
            _ => Phase::Final,
        };
        waiter.deadline = match call.phase {
            Phase::Refused(until) | Phase::Paused(until) => Some(until),
            _ => None,
        };
        if let (Phase::Refused(_), Some(key)) = (call.phase, waiter.key) {
            self.keys[usize::from(key)].read = Some(at.mono);
        }
        let refused = says == Says::Renew && call.phase == Phase::Final;
        if refused {
            self.seen.hit(Hit::Refused);
        }
    }

    /// A response is handed over.
    pub fn deliver(&mut self, at: At, n: u32) -> Check {
        self.seq += 1;
        let i = self.find(n)?;
        let waiter = self.pending.swap_remove(i);
        let What::Call(call) = waiter.what else { return Err(no_request(n)) };
        // 1, "if that ends first … its response is not delivered".
        promise!(waiter.generation == self.generation && !self.disposed, 1, "the response of {n} belongs to generation {} and is delivered in {}", waiter.generation, self.generation);
        // 6: what the classifier found curable is not handed over while a replay can cure it.
        // One that waited for the clock may not be sent again after all: nobody knows who is signed in, or its token has expired or been replaced meanwhile.
        let waited_in_vain = matches!(call.phase, Phase::Paused(until) if at.mono >= until);
        promise!(waited_in_vain || matches!(call.phase, Phase::Final | Phase::Refused(_)), 6, "the response of {n} is delivered in phase {:?}", call.phase);
        if matches!(call.phase, Phase::Refused(_)) {
            self.hit(Hit::SameToken);
        }
        self.hit(Hit::Delivered);
        Ok(())
    }

    /// Whoever asked under this number gets an error: one that is true.
    pub fn fail(&mut self, at: At, n: u32, why: Why) -> Check {
        self.seq += 1;
        let i = self.find(n)?;
        let waiter = self.pending.swap_remove(i);
        match why {
            Why::IdentityChanged => {
                if waiter.generation == self.generation {
                    self.happened();
                }
                promise!(waiter.generation != self.generation, 1, "{n} is told of another identity, and there is none");
                if matches!(waiter.what, What::Call(_)) {
                    self.hit(Hit::Fenced);
                }
            }
            Why::Disposed => promise!(self.disposed, 5, "{n} is told of an end that has not come"),
            Why::SignedOut => {
                self.hit(Hit::SignedOut);
                self.nobody_for(&waiter)?;
            }
            Why::Reentrant => {
                promise!(waiter.key.is_some_and(|k| self.asking.contains(&k)), 5, "{n} is called re-entrant, and the provider is not being asked");
                self.hit(Hit::Reentrant);
            }
            Why::NoAnswer | Why::NoIdentity | Why::NoProvider => {
                promise!(waiter.deadline.is_some_and(|d| at.mono >= d), 5, "{n} timed out before its time");
                self.hit(Hit::GetTimeout);
            }
            Why::Budget => {
                // From inside another event it is not known yet which calls that one decided on.
                // And where what is at hand has not expired but is not wanted, "in a while" is what it means.
                let key = waiter.key.map(|k| &self.keys[usize::from(k)]);
                let alive = key.is_some_and(|k| k.perhaps) || key.and_then(|k| k.last).is_some_and(|t| !self.expired(t, at, self.floor));
                promise!(alive || self.vague || self.depth > 1 || self.spent(waiter.key, at), 5, "{n} is told of a spent budget that is not");
                self.hit(Hit::Budget);
            }
            // 3, "anything less certain is sent".
            Why::OnlyExpired if !matches!(waiter.what, What::Get { forced: true }) => {
                let key = waiter.key.map(|k| &self.keys[usize::from(k)]).filter(|k| !k.perhaps);
                let over = |token: Option<u32>| token.is_none_or(|t| self.expired(t, at, self.ceiling));
                // What was decided before an answer came may be said after it, within a step.
                let true_then = key.is_none_or(|k| over(k.last) || (k.turn == self.steps && over(k.previous)));
                promise!(self.vague || true_then, 3, "{n} is told that there are only expired tokens, and {:?} need not have", key.and_then(|k| k.last));
                self.hit(Hit::OnlyExpired);
            }
            _ => {}
        }
        Ok(())
    }

    /// Everything sent before is somebody else's.
    pub fn fence(&mut self) -> Check {
        self.seq += 1;
        self.happened();
        // 1, the reverse: without another identity there is no reason to fail anybody.
        promise!(self.due > 0, 1, "a new generation, and nobody came or went");
        self.due -= 1;
        self.hit(Hit::Fence);
        Ok(())
    }

    /// What need not have begun a generation did.
    fn happened(&mut self) {
        if let (0, Some(token)) = (self.due, self.may.take()) {
            self.bump();
            if let Some(Some(got)) = token.and_then(|t| self.got.get_mut(t as usize)) {
                got.generation = self.generation;
                self.trail = Some(got.token.who);
                // Which tokens of the keys it has seen is not known any more, nor after the next wake whether one is newer.
                self.vague = true;
                self.keys.iter_mut().for_each(|key| key.blurred = true);
            } else {
                // Whoever was there has left.
                (self.trail, self.spoke, self.doubt) = (None, Some(false), false);
            }
        }
    }

    pub(super) fn bump(&mut self) {
        self.generation += 1;
        self.due += 1;
        self.may = None;
        self.unsure = false;
        self.flights.clear();
        self.forget_keys();
    }

    pub(super) fn forget_keys(&mut self) {
        for key in &mut self.keys {
            (key.fails, key.until, key.newest, key.blurred, key.last, key.perhaps, key.moved) = (0, 0, None, false, None, false, false);
        }
    }

    pub fn mirror(&mut self, key: u8, hit: Option<(u32, i64, i64)>) {
        self.seq += 1;
        self.keys[usize::from(key)].mirror = hit;
    }

    /// The facade reads the synchronous hit, as it does: by the wall clock and nothing else.
    pub fn peek(&mut self, at: At, key: u8) -> Check {
        let Some((token, from, until)) = self.keys[usize::from(key)].mirror else { return Ok(()) };
        if at.wall < from || at.wall >= until {
            return Ok(());
        }
        self.hit(Hit::Peek);
        promise!(self.open(), 1, "the synchronous hit gives token {token} while nobody is signed in, or nobody knows who");
        self.leaves(token, at)
    }

    /// The outermost event has been handled: what must have happened has.
    pub fn rest(&mut self, at: At) -> Check {
        self.may = None;
        self.steps += 1;
        (self.floor, self.ceiling) = (i64::MAX, i64::MIN);
        self.learned();
        // 1, at once: a change of identity that is not acted upon is a leak in waiting.
        promise!(self.due == 0, 1, "another identity, and no fence");
        let ticked = std::mem::take(&mut self.ticked);
        let mut next = i64::MAX;
        for waiter in &self.pending {
            let n = waiter.n;
            match waiter.what {
                // 1, "if that ends first it rejects `identity_changed`, is aborted if already sent". Only `getToken` waiters, and sockets that have nothing yet, may restart.
                What::Call(call) => {
                    promise!(waiter.generation == self.generation, 1, "the request {n} of generation {} goes on in {}", waiter.generation, self.generation);
                    promise!(call.phase != Phase::Final, 5, "the response of {n} is final and nobody gets it");
                }
                What::Lease { after: Some(_) } => promise!(waiter.generation == self.generation, 1, "the lease {n} of generation {} goes on in {}", waiter.generation, self.generation),
                _ => {}
            }
            // 5, "waiters always settle": the disposed, those of nobody, those whose time has passed.
            promise!(!self.disposed, 5, "{n} waits for a session that has ended");
            if let Some(deadline) = waiter.deadline {
                promise!(!ticked || deadline > at.mono, 5, "{n} was to be answered {} ms ago", at.mono - deadline);
                next = next.min(deadline);
            }
        }
        // 5: and a timer will see to it. 3, "and are clamped": never later than a minute (ten in a hidden page).
        match self.armed {
            Some(armed) => {
                promise!(next == i64::MAX || armed <= next.max(at.mono + FLOOR), 5, "somebody is to be answered in {} ms, the timer is set for {} ms", next - at.mono, armed - at.mono);
                let cap = if self.visible { 60_000 } else { 600_000 };
                promise!(armed <= at.mono + cap, 3, "a timer for {} ms from now", armed - at.mono);
            }
            None => promise!(next == i64::MAX, 5, "somebody is to be answered in {} ms and no timer is set", next - at.mono),
        }
        for (n, key) in self.keys.iter().enumerate() {
            if let Some((token, ..)) = key.mirror {
                // 1: the synchronous hit is cleared with the generation, and nobody has one while the identity is not known.
                promise!(self.open(), 1, "the synchronous hit of key {n} outlives the identity");
                let generation = self.got.get(token as usize).copied().flatten().map(|g| g.generation);
                promise!(generation == Some(self.generation), 1, "the synchronous hit of key {n} is of generation {generation:?} in {}", self.generation);
            }
        }
        Ok(())
    }
}
