//! Asking the provider: one flight per key, forced and unforced kept apart, failures bounded.

use super::claims::Claims;
use super::entry::{Flight, FlightId, Held, KeyId, Reason};
use super::identity::Who;
use super::machine::{Acquired, Decision, Effect, Manager, Notice, Waiter, Want};
use crate::core::error::Why;
use crate::core::lease::{Lease, LeaseId};
use crate::core::payload::Payload;
use crate::core::sabotage::{Fault, broken};
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

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
    /// It threw what means that nobody is signed in: a session that has ended says so again and again, and costs a request each time.
    SignedOut,
    /// It threw, rejected, or answered something that is no token.
    Failed(Why),
    /// The same, and it says for how long it wants to be left alone; `FOREVER`: until something about it changes.
    Busy(Why, DurationMs),
}

/// A configuration error: asking again brings the same answer, until the identity, the provider or the app's word changes.
pub const FOREVER: DurationMs = DurationMs(Mono::NEVER.0 / 2);

impl<V: Payload, W: Copy + PartialEq> Manager<V, W> {
    /// Lets a waiter join the flight it needs, starting it where there is none.
    pub(super) fn join(&mut self, waiter: &mut Waiter<W>, now: Now, reason: Reason, forced: bool) -> Acquired<V> {
        let Some(entry) = self.entries.get_mut(waiter.key.0 as usize) else {
            return Acquired::Pending;
        };
        if let Some(flight) = entry.flight.filter(|_| !broken(Fault::OwnFlight)) {
            if now.mono < flight.stuck_at(&self.policy) {
                // A forced call never joins an older unforced flight (it may bring the refused token back): it starts its own when that one settles.
                let old = (forced && !flight.forced && !broken(Fault::ForcedJoinsAny)) || (entry.must_force.is_some() && !flight.cures);
                waiter.after = old.then_some(flight.id);
                return Acquired::Pending;
            }
            // Given up on, not forgotten: a late answer is still adopted when nothing newer has come. Two at most.
            if let Some(old) = entry.stray.replace(flight) {
                self.effects.add(Effect::Abort(old.id));
            }
            entry.flight = None;
        }
        waiter.after = None;
        let keeps_word = entry.must_force == Some(Reason::Forced) && !matches!(waiter.want, Want::Forced | Want::Better(_));
        let mut launched = self.launch(waiter.key, now, reason, forced);
        if keeps_word && launched == Err(Why::Budget) {
            // The app's word that the contents changed is kept as well as it can be. Not so where the user went to another organisation:
            // an unforced token would be the wrong one.
            launched = self.launch(waiter.key, now, reason, false);
        }
        match (launched, waiter.want) {
            (Err(Why::SignedOut), _) => Acquired::Anonymous,
            // A socket goes on waiting: the timer asks again.
            (Ok(()), _) | (_, Want::Next(..)) => Acquired::Pending,
            // Better a token that has not expired than an error about the next one.
            (Err(why), Want::Any | Want::Ahead) => self.lasting(waiter.key, now).map_or(Acquired::Failed(why), Acquired::Ready),
            (Err(why), _) => Acquired::Failed(why),
        }
    }

    /// The token at hand if it has not expired, margin or not: the next one cannot be had.
    fn lasting(&self, key: KeyId, now: Now) -> Option<Lease<V>> {
        let entry = self.entries.get(key.0 as usize)?;
        // What the app said is out of date is not.
        if entry.must_force.is_some() {
            return None;
        }
        let held = entry.held.as_ref().filter(|h| !h.spent(&self.skew, now.wall))?;
        Some(held.lend(&self.policy, &self.skew, entry.latency, self.generation))
    }

    /// Whether a token on loan may be sent once more: while it is at hand, and has not expired by every clock.
    pub fn lasts(&self, key: KeyId, lease: &Lease<V>, now: Now) -> bool {
        // One that has been replaced was judged by what was known of the clocks before.
        let held = self.entries.get(key.0 as usize).and_then(|e| e.held.as_ref()).filter(|h| h.lease == lease.id);
        held.is_some_and(|h| !h.spent(&self.skew, now.wall))
    }

    /// Renews a key in the background: nobody waits for it.
    pub(super) fn refresh(&mut self, key: KeyId, now: Now) {
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        let Some(held) = &entry.held else { return };
        if entry.flight.is_some() || now.mono < entry.rested(&self.policy, held.life).max(self.calm) || self.crowded(now) {
            return;
        }
        // The provider gave the same token at the lead; below the margin nothing but force brings a new one.
        let last = held.look_again.is_some() && now.wall + DurationMs(250) >= held.not_after(&self.policy, &self.skew, entry.latency);
        let forced = last || entry.must_force.is_some();
        // A background refresh that may not fly is not an error: the next read decides.
        let _ = self.launch(key, now, Reason::Expiring, forced);
    }

    /// Whether a forced call should be spent on learning the skew: once per identity and wake, and not when it is known.
    fn uncertain(&self) -> bool {
        !self.calibrated && !self.skew.calibrated()
    }

    pub(super) fn launch(&mut self, key: KeyId, now: Now, reason: Reason, forced: bool) -> Result<(), Why> {
        let (limit, limit_all) = (self.policy.forced_per_minute, self.policy.forced_per_minute_all);
        let uncertain = self.uncertain();
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return Ok(()) };
        if now.mono < entry.retry_at
            && !broken(Fault::NoBackoff)
            && !(forced && entry.backoff.failures() <= 1)
            && let Some(why) = entry.last_error
        {
            // What is at hand has not expired, and is not wanted: a better one may be had in a while.
            let alive = entry.held.as_ref().is_some_and(|h| !h.spent(&self.skew, now.wall));
            return Err(if why == Why::OnlyExpired && alive { Why::Budget } else { why });
        }
        let affordable = broken(Fault::NoBudget) || self.forced_all.has(limit_all, now.mono) && entry.forced.has(limit, now.mono);
        // Near its end, and it came less than half its life ago: it was old, or our clock is ahead. One that is minted for us tells, once.
        let odd = |h: &Held<V>| h.left(&self.skew, now.wall) <= self.policy.lead(h.life) && (now.wall - h.obtained).0 < h.life.0 / 2;
        let calibrate = self.doubt || (reason == Reason::Expiring && uncertain && entry.held.as_ref().is_some_and(odd));
        // Beside one that hangs, or has nothing better by itself: a provider that shares its pending answer (Clerk does) would only hand out the same again.
        let in_vain = entry.stray.is_some() || entry.last_error == Some(Why::OnlyExpired);
        let forced = forced || ((calibrate || in_vain) && affordable);
        if forced && !affordable {
            // Whoever waits with a timer looks again in a while, not at once.
            entry.retry_at = entry.retry_at.max(now.mono + DurationMs::seconds(5));
            self.decide(key, Decision::Denied);
            return Err(Why::Budget);
        }
        if forced {
            entry.forced.spend(now.mono);
            self.forced_all.spend(now.mono);
            // Any forced call shows the skew, if the provider does as it is told.
            self.calibrated |= calibrate;
            self.doubt = false;
        }
        self.last_flight += 1;
        let flight = Flight { id: FlightId(self.last_flight), forced, reason, cures: entry.must_force.is_some(), began: now };
        entry.flight = Some(flight);
        self.effects.add(Effect::Call { flight: flight.id, key, force: forced, reason });
        self.decide(key, Decision::Asked(reason, forced));
        Ok(())
    }

    /// Takes one of this minute's forced calls of a key, for one that is made outside of here: a token of the wrong organisation is asked for again.
    /// Whether there was one.
    pub fn spend(&mut self, now: Now, key: KeyId) -> bool {
        let (limit, limit_all) = (self.policy.forced_per_minute, self.policy.forced_per_minute_all);
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return false };
        let affordable = self.forced_all.has(limit_all, now.mono) && entry.forced.has(limit, now.mono);
        if affordable {
            entry.forced.spend(now.mono);
            self.forced_all.spend(now.mono);
        }
        affordable
    }

    /// While the provider is being called: a reader of this key from inside it would wait for itself.
    pub fn asking(&mut self, key: Option<KeyId>) {
        self.asking = key;
    }

    /// The key a flight is for, while its answer is wanted.
    pub fn flight_key(&self, id: FlightId) -> Option<KeyId> {
        let found = self.entries.iter().position(|e| [&e.flight, &e.stray].into_iter().any(|slot| slot.as_ref().is_some_and(|f| f.id == id)))?;
        Some(KeyId(found as u32))
    }

    /// A flight has settled: everybody who waited for it is answered, or waits for the next one. `refused`: the token that came back is the one a backend had refused.
    pub(super) fn answer(&mut self, now: Now, key: KeyId, flight: Flight, refused: Option<LeaseId>) {
        // During a hold it is kept for when the source knows again.
        if !self.open() {
            return;
        }
        // After a late answer another flight may be in the air, which most were waiting for.
        let flying = self.entries.get(key.0 as usize).is_some_and(|e| e.flight.is_some());
        let lease = self.entries.get(key.0 as usize).and_then(|e| e.held.as_ref().map(|h| (h.lend(&self.policy, &self.skew, e.latency, self.generation), h.spent(&self.skew, now.wall))));
        let mut later = Vec::new();
        for waiter in self.take(&|_, w| w.key == key) {
            // Whoever forced is not answered by a flight that did not, even where theirs has become the stray.
            let unforced = !flight.forced && (waiter.after.is_some() || waiter.want == Want::Forced) && !broken(Fault::ForcedJoinsAny);
            if waiter.after == Some(flight.id) || unforced {
                later.push(waiter);
                continue;
            }
            match (&lease, waiter.want) {
                (Some((_, spent)), want) if flying && (!matches!(want, Want::Any | Want::Ahead) || *spent) => self.waiters.push(waiter),
                (Some((lease, _)), Want::Better(old)) if (lease.id == old || refused == Some(old)) && !broken(Fault::SameToken) => {
                    self.effects.add(Effect::Fail(waiter.who, Why::SameToken));
                }
                (Some((lease, _)), Want::Next(Some(old), _)) if lease.id == old => self.waiters.push(waiter),
                (Some((lease, false)), _) => self.effects.add(Effect::Resolve(waiter.who, lease.clone())),
                _ => {
                    let why = self.entries.get(key.0 as usize).and_then(|e| e.last_error);
                    self.effects.add(Effect::Fail(waiter.who, why.unwrap_or(Why::OnlyExpired)));
                }
            }
        }
        self.resume(now, later);
    }

    /// Serves waiters again, after what they waited for has changed.
    pub(super) fn resume(&mut self, now: Now, waiting: Vec<Waiter<W>>) {
        for mut waiter in waiting {
            match self.serve(&mut waiter, now) {
                Acquired::Pending => self.waiters.push(waiter),
                Acquired::Ready(lease) => self.effects.add(Effect::Resolve(waiter.who, lease)),
                Acquired::Anonymous => self.effects.add(Effect::Anonymous(waiter.who)),
                Acquired::Failed(why) => self.effects.add(Effect::Fail(waiter.who, why)),
            }
        }
    }

    pub(super) fn nobody(&mut self, key: KeyId) {
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
            self.effects.add(Effect::Anonymous(waiter.who));
        }
    }

    pub(super) fn failed(&mut self, now: Now, key: KeyId, why: Why, random: f64, alone: Option<DurationMs>) {
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        let wait = entry.backoff.fail(self.policy.backoff, self.policy.backoff_max, random);
        // The provider's own word wins, and no forced call breaks it: as after a second failure.
        let wait = alone.map_or(wait, |alone| {
            entry.backoff.fail(self.policy.backoff, self.policy.backoff_max, random);
            alone
        });
        entry.retry_at = now.mono + wait;
        entry.last_error = Some(why);
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        let left = entry.held.as_ref().map_or(DurationMs::ZERO, |h| h.left(&self.skew, now.wall).max(DurationMs::ZERO));
        // A token that is still valid outlives a failed refresh, for its whole life.
        let good = if entry.held.as_ref().is_some_and(|h| h.rejected) { None } else { self.lasting(key, now) };
        self.decide(key, Decision::Failed(left, wait));
        self.notice(Notice::RefreshFailed(key, why));
        if !self.open() {
            return;
        }
        for waiter in self.take(&|_, w| w.key == key) {
            match (&good, waiter.want) {
                (Some(lease), Want::Any | Want::Ahead) => self.effects.add(Effect::Resolve(waiter.who, lease.clone())),
                // A socket goes on waiting: the timer asks again after the back-off.
                (_, Want::Next(..)) => self.waiters.push(waiter),
                _ => self.effects.add(Effect::Fail(waiter.who, why)),
            }
        }
    }
}
