//! Asking the provider: one flight per key, forced and unforced kept apart, failures bounded.

use super::claims::Claims;
use super::entry::{Flight, FlightId, Held, KeyId, Reason};
use super::identity::{Before, Person, Who};
use super::machine::{Acquired, Decision, Effect, Manager, Notice, Waiter, Want};
use crate::core::error::Why;
use crate::core::lease::{Lease, LeaseId};
use crate::core::payload::Payload;
use crate::core::time::{DurationMs, UnixMillis};

/// What the provider answered.
#[derive(Clone, Debug)]
pub enum Answer<V> {
    /// A token, with its claims if it could be read, and the expiry that the provider gave beside it.
    Token {
        /// The token.
        value: V,
        /// `None`: opaque.
        claims: Option<Claims>,
        /// Local time.
        expires_at: Option<UnixMillis>,
    },
    /// Nobody is signed in.
    Nobody,
    /// It threw, rejected, or answered something that is no token.
    Failed(Why),
}

impl<V: Payload, W: Copy + PartialEq> Manager<V, W> {
    /// Lets a waiter join the flight it needs, starting it where there is none.
    pub(super) fn join(&mut self, waiter: &mut Waiter<W>, now: UnixMillis, reason: Reason, forced: bool) -> Acquired<V> {
        let Some(entry) = self.entries.get_mut(waiter.key.0 as usize) else {
            return Acquired::Pending;
        };
        if let Some(flight) = entry.flight {
            if !flight.stuck(now) {
                // A forced call never joins an older unforced flight (it may bring the refused token back): it starts its own when that one settles.
                let old = (forced && !flight.forced) || (entry.must_force && !flight.cures);
                waiter.after = old.then_some(flight.id);
                return Acquired::Pending;
            }
            // Given up on, not forgotten: a late answer is still adopted when nothing newer has come. Two at most.
            if let Some(old) = entry.stray.replace(flight) {
                self.effects.push_back(Effect::Abort(old.id));
            }
            entry.flight = None;
        }
        waiter.after = None;
        match (self.launch(waiter.key, now, reason, forced), waiter.want) {
            // A socket goes on waiting: the timer asks again.
            (Ok(()), _) | (_, Want::Next(..)) => Acquired::Pending,
            // Better a token that has not expired than an error about the next one.
            (Err(why), Want::Any) => self.lasting(waiter.key, now).map_or(Acquired::Failed(why), Acquired::Ready),
            (Err(why), _) => Acquired::Failed(why),
        }
    }

    /// The token at hand if it has not expired, margin or not: the next one cannot be had.
    fn lasting(&self, key: KeyId, now: UnixMillis) -> Option<Lease<V>> {
        let entry = self.entries.get(key.0 as usize)?;
        let held = entry.held.as_ref().filter(|h| !h.spent(&self.skew, now) && now >= h.obtained)?;
        Some(held.lend(&self.policy, &self.skew, entry.latency, self.generation))
    }

    /// Renews a key in the background: nobody waits for it.
    pub(super) fn refresh(&mut self, key: KeyId, now: UnixMillis) {
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        let Some(held) = &entry.held else { return };
        if entry.flight.is_some() || now < entry.rested(&self.policy, held.life, now) {
            return;
        }
        // The provider gave the same token at the lead; below the margin nothing but force brings a new one.
        let last = held.look_again.is_some() && held.left(&self.skew, now) <= self.policy.margin(held.life, entry.latency) + DurationMs(250);
        let forced = last || entry.must_force;
        // A background refresh that may not fly is not an error: the next read decides.
        let _ = self.launch(key, now, Reason::Expiring, forced);
    }

    fn launch(&mut self, key: KeyId, now: UnixMillis, reason: Reason, forced: bool) -> Result<(), Why> {
        let (limit, limit_all) = (self.policy.forced_per_minute, self.policy.forced_per_minute_all);
        let all = self.forced_all.has(limit_all, now);
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return Ok(()) };
        if now < entry.retry_at
            && !(forced && entry.backoff.failures() <= 1)
            && let Some(why) = entry.last_error
        {
            return Err(why);
        }
        // Near its end, and it came less than half its life ago: it was old, or our clock is ahead. One that is minted for us tells, once.
        let odd = |h: &Held<V>| h.left(&self.skew, now) <= self.policy.lead(h.life) && (now - h.obtained).0 < h.life.0 / 2;
        let calibrate = reason == Reason::Expiring && !self.skew.calibrated() && entry.held.as_ref().is_some_and(odd);
        // Beside one that hangs: a provider that shares its pending answer (Clerk does) would only hand out the same silence again.
        let mut forced = forced || ((calibrate || entry.stray.is_some()) && all && entry.forced.has(limit, now));
        if forced && !(all && entry.forced.has(limit, now)) {
            if matches!(reason, Reason::Rejected | Reason::Expiring) || !entry.must_force {
                // Whoever waits with a timer looks again in a while, not at once.
                entry.retry_at = entry.retry_at.max(now + DurationMs::seconds(5));
                return Err(Why::Budget);
            }
            forced = false;
        }
        if forced {
            entry.forced.spend(now);
            self.forced_all.spend(now);
        }
        self.last_flight += 1;
        let flight = Flight { id: FlightId(self.last_flight), forced, reason, cures: entry.must_force, began: now };
        entry.flight = Some(flight);
        self.effects.push_back(Effect::Call { flight: flight.id, key, force: forced, reason });
        self.decide(key, Decision::Asked(reason, forced));
        Ok(())
    }

    /// While the provider is being called: a reader of this key from inside it would wait for itself.
    pub fn asking(&mut self, key: Option<KeyId>) {
        self.asking = key;
    }

    /// The key a flight is for, while its answer is wanted.
    pub fn flight_key(&self, id: FlightId) -> Option<KeyId> {
        let found = self.entries.iter().position(|e| [e.flight, e.stray].into_iter().flatten().any(|f| f.id == id))?;
        Some(KeyId(found as u32))
    }

    /// The provider answered.
    pub fn settled(&mut self, now: UnixMillis, id: FlightId, answer: Answer<V>, random: f64) {
        let Some(key) = self.flight_key(id) else { return };
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        let joined = entry.flight.is_some_and(|f| f.id == id);
        let slot = if joined { entry.flight.take() } else { entry.stray.take() };
        let Some(flight) = slot else { return };
        entry.measured(now - flight.began);
        match answer {
            Answer::Token { value, claims, expires_at } => self.landed(now, key, flight, joined, value, claims, expires_at, random),
            // During a hold everybody goes on waiting.
            Answer::Nobody if joined && self.open() => self.nobody(key),
            Answer::Failed(why) if joined => self.failed(now, key, why, random),
            _ => {}
        }
        self.settle_status();
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one answer, taken apart once")]
    fn landed(&mut self, now: UnixMillis, key: KeyId, flight: Flight, joined: bool, value: V, claims: Option<Claims>, expires_at: Option<UnixMillis>, random: f64) {
        let subject = claims.and_then(|c| c.subject);
        let issued = claims.and_then(|c| c.issued);
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        // An answer that came late and is not newer than what is at hand is somebody else's past.
        let past = match (issued, entry.newest) {
            (Some(issued), Some(newest)) => issued <= newest,
            _ => entry.held.is_some(),
        };
        if !joined && past {
            return;
        }
        match &self.who {
            Who::Known(Person { subject: Some(wanted), .. }) | Who::Held(Before::Person(Person { subject: Some(wanted), .. }) | Before::Noticed(wanted))
                if subject.is_some_and(|s| s != *wanted) =>
            {
                if joined {
                    self.failed(now, key, Why::AnotherUser, random);
                }
                return;
            }
            Who::Untold(Some(before)) if subject.is_some_and(|s| s != *before) => self.noticed_another(now, key, subject),
            Who::Untold(None) => self.who = Who::Untold(subject),
            _ => {}
        }
        if matches!(self.who, Who::Untold(_)) && self.heard != Some(true) {
            self.heard = Some(true);
            let identity = self.identity();
            self.notice(Notice::Identity(identity));
        }
        let lead_policy = self.policy.clone();
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        entry.must_force &= !(flight.cures && joined);
        if let Some(issued) = issued {
            if flight.forced && entry.newest.is_none_or(|n| issued > n) {
                self.skew.minted(issued, flight.began, now);
            } else {
                self.skew.seen(issued, now);
            }
            entry.newest = Some(entry.newest.map_or(issued, |n| n.max(issued)));
        }
        let same = entry.held.as_ref().is_some_and(|h| h.value.same(&value));
        let refused = same && entry.held.as_ref().is_some_and(|h| h.rejected);
        let expires = claims.as_ref().and_then(|c| c.expires);
        let ttl = if claims.is_some() { lead_policy.fallback_ttl } else { lead_policy.opaque_ttl };
        let ends = expires_at.unwrap_or(now + ttl);
        let expires = if expires_at.is_some() { None } else { expires };
        let life = match (expires, issued) {
            (Some(exp), Some(iat)) if exp > iat => exp - iat,
            (Some(exp), _) => DurationMs((self.skew.local(exp) - now).0.max(1_000)),
            (None, _) => DurationMs((ends - now).0.max(0)),
        };
        if !same {
            self.last_lease += 1;
        }
        let lease = match &entry.held {
            Some(held) if same => held.lease,
            _ => LeaseId(self.last_lease),
        };
        let obtained = if same { entry.held.as_ref().map_or(now, |h| h.obtained.min(now)) } else { now };
        let mut held = Held { value, lease, expires, ttl_ends: ends, life, obtained, rejected: false, look_again: None };
        let left = held.left(&self.skew, now);
        let margin = lead_policy.margin(life, entry.latency);
        entry.refreshes += 1;
        entry.last_success = Some(now);
        let expires_at = held.expires_at(&self.skew);
        if left > margin {
            if same {
                // Whoever asked before the lead, it changes nothing to ask again before it.
                let lead = held.refresh_at(&lead_policy, &self.skew);
                held.look_again = Some(if now >= lead { expires_at - margin } else { lead });
            }
            entry.backoff.reset();
            entry.retry_at = UnixMillis(0);
            entry.last_error = None;
        } else if joined && self.open() {
            // The provider is a second cache and may hand out a token with a second left. Once, ask for a newer one.
            if !flight.forced && self.launch(key, now, Reason::Expiring, true).is_ok() {
                if let Some(entry) = self.entries.get_mut(key.0 as usize) {
                    entry.held = Some(held);
                }
                return;
            }
            // Still as good as expired: nothing we do makes it better. Not at once again.
            let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
            entry.retry_at = now + entry.backoff.fail(random);
            entry.last_error = Some(Why::OnlyExpired);
        }
        let decision = match held.look_again {
            Some(again) => Decision::Kept(left, again - now),
            None => Decision::Refreshed(left, lead_policy.lead(life), self.skew.estimate()),
        };
        if let Some(entry) = self.entries.get_mut(key.0 as usize) {
            entry.held = Some(held);
        }
        self.decide(key, decision);
        self.mirror(key);
        if !same {
            self.notice(Notice::Token(key, expires_at, flight.reason));
        }
        self.answer(now, key, flight, refused.then_some(lease));
    }

    /// Writes the synchronous hit of a key, or takes it away.
    pub(super) fn mirror(&mut self, key: KeyId) {
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        let hit = match &entry.held {
            // Only up to the lead: from there on a read must come by, so that the refresh is started.
            Some(held) if self.may_keep() && !held.rejected && !entry.must_force => {
                let until = held.refresh_at(&self.policy, &self.skew).min(held.not_after(&self.policy, &self.skew, entry.latency));
                Some((held.value.clone(), held.obtained, until))
            }
            _ => None,
        };
        self.effects.push_back(Effect::Mirror(key, hit));
    }

    /// A flight has settled: everybody who waited for it is answered, or waits for the next one. `refused`: the token that came back is the one a backend had refused.
    fn answer(&mut self, now: UnixMillis, key: KeyId, flight: Flight, refused: Option<LeaseId>) {
        // During a hold it is kept for when the source knows again.
        if !self.open() {
            return;
        }
        // After a late answer another flight may be in the air, which most were waiting for.
        let flying = self.entries.get(key.0 as usize).is_some_and(|e| e.flight.is_some());
        let lease = self.entries.get(key.0 as usize).and_then(|e| e.held.as_ref().map(|h| (h.lend(&self.policy, &self.skew, e.latency, self.generation), h.spent(&self.skew, now))));
        let mut later = Vec::new();
        for waiter in self.take(&|_, w| w.key == key) {
            if waiter.after == Some(flight.id) || (waiter.after.is_some() && !flight.forced) {
                later.push(waiter);
                continue;
            }
            match (&lease, waiter.want) {
                (Some((_, spent)), want) if flying && (want != Want::Any || *spent) => self.waiters.push(waiter),
                (Some((lease, _)), Want::Better(old)) if lease.id == old || refused == Some(old) => {
                    self.effects.push_back(Effect::Fail(waiter.who, Why::SameToken));
                }
                (Some((lease, _)), Want::Next(Some(old), _)) if lease.id == old => self.waiters.push(waiter),
                (Some((lease, false)), _) => self.effects.push_back(Effect::Resolve(waiter.who, lease.clone())),
                _ => {
                    let why = self.entries.get(key.0 as usize).and_then(|e| e.last_error);
                    self.effects.push_back(Effect::Fail(waiter.who, why.unwrap_or(Why::OnlyExpired)));
                }
            }
        }
        self.resume(now, later);
    }

    /// Serves waiters again, after what they waited for has changed.
    pub(super) fn resume(&mut self, now: UnixMillis, waiting: Vec<Waiter<W>>) {
        for mut waiter in waiting {
            match self.serve(&mut waiter, now) {
                Acquired::Pending => self.waiters.push(waiter),
                Acquired::Ready(lease) => self.effects.push_back(Effect::Resolve(waiter.who, lease)),
                Acquired::Anonymous => self.effects.push_back(Effect::Anonymous(waiter.who)),
                Acquired::Failed(why) => self.effects.push_back(Effect::Fail(waiter.who, why)),
            }
        }
    }

    fn nobody(&mut self, key: KeyId) {
        // They asked for whoever is signed in; whoever had used a token of the one who left is told that by the bump.
        let untold = matches!(self.who, Who::Untold(_));
        let left = untold && self.heard == Some(true);
        let asked = self.take(&|_, w| w.key == key && (!left || w.fresh()));
        if left {
            self.bump(true);
            self.who = Who::Untold(None);
        }
        if untold && self.heard != Some(false) {
            self.heard = Some(false);
            self.notice(Notice::Identity(Some(None)));
        }
        // Never kept: a provider that is not quite loaded answers null too (H6).
        for waiter in asked {
            self.effects.push_back(Effect::Anonymous(waiter.who));
        }
    }

    fn failed(&mut self, now: UnixMillis, key: KeyId, why: Why, random: f64) {
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        let wait = entry.backoff.fail(random);
        entry.retry_at = now + wait;
        entry.last_error = Some(why);
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        let left = entry.held.as_ref().map_or(DurationMs::ZERO, |h| h.left(&self.skew, now).max(DurationMs::ZERO));
        // A token that is still valid outlives a failed refresh, for its whole life.
        let good = if entry.must_force || entry.held.as_ref().is_some_and(|h| h.rejected) { None } else { self.lasting(key, now) };
        self.decide(key, Decision::Failed(left, wait));
        self.notice(Notice::RefreshFailed(key, why));
        if !self.open() {
            return;
        }
        for waiter in self.take(&|_, w| w.key == key) {
            match (&good, waiter.want) {
                (Some(lease), Want::Any) => self.effects.push_back(Effect::Resolve(waiter.who, lease.clone())),
                // A socket goes on waiting: the timer asks again after the back-off.
                (_, Want::Next(..)) => self.waiters.push(waiter),
                _ => self.effects.push_back(Effect::Fail(waiter.who, why)),
            }
        }
    }
}
