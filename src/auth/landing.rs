//! An answer of the provider comes in: whose it is, what it shows of the clocks, and what is kept of it.

use super::claims::Claims;
use super::entry::{Flight, FlightId, Held, KeyId, Reason};
use super::flights::Answer;
use super::identity::{Before, Person, Trail, Who};
use super::machine::{Decision, Effect, Manager, Notice, Odd};
use crate::core::error::Why;
use crate::core::lease::LeaseId;
use crate::core::payload::Payload;
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

/// A token from the future by more than this shows that our clock is behind (H1).
const BEHIND: DurationMs = DurationMs::seconds(2);
/// What a server's word about the time is rounded and delayed by.
const SLACK: DurationMs = DurationMs::seconds(1);
/// A server that took a token shows a time within its life, give or take this; anything else is no clock.
const LEEWAY: DurationMs = DurationMs::seconds(60);

/// See `learn`.
const YEAR: DurationMs = DurationMs::seconds(366 * 86_400);
/// A session that has ended is asked again after so long.
const AGAIN: DurationMs = DurationMs::seconds(5);

/// A token that came in.
struct Arrival<V> {
    flight: Flight,
    /// It came for those who wait, not from a flight that was given up on.
    joined: bool,
    value: V,
    /// `None`: opaque.
    claims: Option<Claims>,
    expires_at: Option<UnixMillis>,
}

impl<V: Payload, W: Copy + PartialEq> Manager<V, W> {
    /// The provider answered.
    pub fn settled(&mut self, now: Now, id: FlightId, answer: Answer<V>, random: f64) {
        self.clock(now);
        let Some(key) = self.flight_key(id) else { return };
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        let joined = entry.flight.is_some_and(|f| f.id == id);
        let slot = if joined { entry.flight.take() } else { entry.stray.take() };
        let Some(flight) = slot else { return };
        entry.measured(now.mono - flight.began.mono);
        // The rest before the next refresh counts from any answer: one that is `null` again and again is no reason to ask again and again.
        entry.last_answer = Some(now.mono);
        match answer {
            Answer::Token { value, claims, expires_at } => self.landed(now, key, Arrival { flight, joined, value, claims, expires_at }, random),
            // During a hold everybody goes on waiting.
            Answer::Nobody if joined && self.open() => self.nobody(key),
            Answer::SignedOut if joined && self.open() => {
                self.leave(now, key, Why::SignedOut, random);
                // They may sign in again as the same user, and nobody would say so.
                if let Some(entry) = self.entries.get_mut(key.0 as usize) {
                    entry.retry_at = entry.retry_at.min(now.mono + AGAIN);
                }
                self.nobody(key);
            }
            Answer::Failed(why) if joined => self.failed(now, key, why, random, None),
            Answer::Busy(why, alone) if joined => self.failed(now, key, why, random, Some(alone)),
            _ => {}
        }
        self.settle_status();
    }

    fn landed(&mut self, now: Now, key: KeyId, arrival: Arrival<V>, random: f64) {
        let Arrival { flight, joined, .. } = arrival;
        let claims = arrival.claims.unwrap_or_default();
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        // An answer that came late and is not newer than what is at hand is somebody else's past.
        let past = match (claims.issued, entry.newest) {
            (Some(issued), Some(newest)) => issued <= newest,
            _ => entry.held.is_some(),
        };
        if !joined && past {
            return;
        }
        if self.anothers(&claims) {
            if joined {
                self.failed(now, key, Why::AnotherUser, random, None);
            }
            return;
        }
        self.notice_whose(now, key, &claims);
        let known = self.skew;
        let behind = self.learn(now, key, &arrival);
        if known != self.skew {
            // What one token shows of the clocks is true of the others.
            self.mirror_all();
        }
        let odd = if arrival.claims.is_none() { Some(Odd::Opaque) } else { claims.odd.then_some(Odd::Expiry) };
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        if flight.cures && joined {
            entry.must_force = None;
        }
        let old = entry.held.take();
        let same = old.as_ref().is_some_and(|h| h.value.same(&arrival.value));
        let refused = old.as_ref().filter(|h| same && h.rejected).map(|h| h.lease);
        entry.refreshes += 1;
        let held = self.hold(now, arrival, old.filter(|_| same));
        let (left, lead, expires_at) = (held.left(&self.skew, now.wall), self.policy.lead(held.life), held.expires_at(&self.skew));
        let open = self.open();
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return };
        let not_after = held.not_after(&self.policy, &self.skew, entry.latency);
        let good = now.wall < not_after;
        let held = entry.held.insert(held);
        let mut decision = Decision::Refreshed(left, lead, self.skew);
        if !good && joined && open {
            // The provider is a second cache and may hand out a token with a second left. Once, ask for a newer one.
            if !flight.forced && self.launch(key, now, Reason::Expiring, true).is_ok() {
                return;
            }
            // Still as good as expired: nothing we do makes it better. Not at once again.
            self.leave(now, key, Why::OnlyExpired, random);
        } else if good {
            if same {
                // Whoever asked before the lead, it changes nothing to ask again before it.
                let due = expires_at - lead;
                let again = if now.wall >= due { not_after } else { due };
                held.look_again = Some(again);
                decision = Decision::Kept(left, again - now.wall);
            }
            // One that a backend refuses is no success: what has been said of the provider stands, and grows below.
            if refused.is_none() {
                entry.backoff.reset();
                entry.retry_at = Mono(0);
                entry.last_error = None;
            }
        }
        if refused.is_some() {
            // A provider that has no other token for a backend that refuses this one is not asked at every refusal (H23).
            self.leave(now, key, Why::SameToken, random);
        }
        self.decide(key, decision);
        self.mirror(key);
        if !same {
            self.notice(Notice::Token(key, expires_at, flight.reason));
            if let Some(odd) = odd {
                self.notice(Notice::Odd(key, odd));
            }
        }
        self.answer(now, key, flight, refused);
        let free = self.open() && self.entries.get(key.0 as usize).is_some_and(|e| e.flight.is_none());
        if (behind || self.doubt) && free && self.launch(key, now, Reason::Expiring, true).is_ok() {
            self.calibrated = true;
        }
    }

    /// Asks no more until the back-off is over.
    fn leave(&mut self, now: Now, key: KeyId, why: Why, random: f64) {
        if let Some(entry) = self.entries.get_mut(key.0 as usize) {
            entry.retry_at = now.mono + entry.backoff.fail(self.policy.backoff, self.policy.backoff_max, random);
            entry.last_error = Some(why);
        }
    }

    /// Whether it names somebody else than the one who is known to be signed in.
    fn anothers(&self, claims: &Claims) -> bool {
        match &self.who {
            Who::Known(Person { subject: Some(wanted), .. }) | Who::Held(Before::Person(Person { subject: Some(wanted), .. })) => {
                claims.subject.is_some_and(|s| s != *wanted)
            }
            Who::Held(Before::Noticed(trail)) => Trail::of(claims).is_some_and(|said| said.differs(trail)),
            _ => false,
        }
    }

    /// Where nobody tells who is signed in, tokens do.
    fn notice_whose(&mut self, now: Now, key: KeyId, claims: &Claims) {
        let Who::Untold(before) = self.who else { return };
        match (before, Trail::of(claims)) {
            (Some(before), Some(said)) if before.differs(&said) => self.noticed_another(now, key, before, said),
            (Some(before), Some(said)) => self.who = Who::Untold(Some(before.with(&said))),
            (None, said) => self.who = Who::Untold(said),
            _ => {}
        }
        if self.heard != Some(true) {
            self.heard = Some(true);
            let identity = self.identity();
            self.notice(Notice::Identity(identity));
        }
    }

    /// What a token shows of the clocks (H1). Whether it is from the future, and only one minted for us will show how far our clock is behind.
    fn learn(&mut self, now: Now, key: KeyId, arrival: &Arrival<V>) -> bool {
        let Arrival { flight, .. } = *arrival;
        let claims = arrival.claims.unwrap_or_default();
        let Some(entry) = self.entries.get(key.0 as usize) else { return false };
        // Forced calls show the skew, or the provider does not do as it is told: then no further one will. A new token of the same second shows neither.
        let same = entry.held.as_ref().is_some_and(|h| h.value.same(&arrival.value));
        self.calibrated |= flight.forced && (same || claims.issued.is_none() || claims.issued != entry.newest);
        let Some(issued) = claims.issued else { return false };
        // Issued after its own expiry: there is no time in it.
        if claims.expires.is_some_and(|exp| exp < issued) {
            return false;
        }
        let Some(entry) = self.entries.get_mut(key.0 as usize) else { return false };
        let fresh = flight.forced && entry.newest.is_none_or(|n| issued > n);
        entry.newest = entry.newest.max(Some(issued));
        // No clock is ahead by a year: an `iat` that old is a constant, and shows no more than that time has passed since.
        if fresh && now.wall - issued < YEAR {
            // Should somebody have set the clock meanwhile: the earlier of the two moments at which it may have been asked for.
            let asked = flight.began.wall.min(now.wall - (now.mono - flight.began.mono));
            self.skew.minted(issued, asked, now.wall);
        } else {
            self.skew.seen(issued, now.wall);
        }
        // A token of years to come would make every other one look expired: where a forced one is good by our own clock and by no skew that
        // is thought possible, the clock is right and what was thought is wrong.
        if let (true, Some(exp), Some(low)) = (flight.forced, claims.expires, self.skew.bounds().0)
            && exp > now.wall
            && exp - DurationMs(low) <= now.wall
        {
            self.skew.forget();
            self.skew.seen(issued, now.wall);
            entry.newest = Some(issued);
        }
        !flight.forced && issued - now.wall > BEHIND && !self.calibrated && !self.skew.calibrated()
    }

    /// What is kept of a token. `same`: the one at hand, if it came once more.
    fn hold(&mut self, now: Now, arrival: Arrival<V>, same: Option<Held<V>>) -> Held<V> {
        let Arrival { flight, value, claims, expires_at, .. } = arrival;
        let ttl = if claims.is_some() { self.policy.fallback_ttl } else { self.policy.opaque_ttl };
        // The provider's word beside the token counts where the token says nothing: the backend reads the token.
        let ttl_ends = expires_at.unwrap_or(now.wall + ttl);
        let claims = claims.unwrap_or_default();
        let life = match (claims.expires, claims.issued) {
            (Some(exp), Some(iat)) if exp > iat => exp - iat,
            (Some(exp), _) => DurationMs((self.skew.local(exp) - now.wall).0.max(1_000)),
            (None, _) => DurationMs((ttl_ends - now.wall).0.max(0)),
        };
        let (lease, obtained) = match same {
            Some(held) => (held.lease, held.obtained.min(now.wall)),
            None => {
                self.last_lease += 1;
                (LeaseId(self.last_lease), now.wall)
            }
        };
        Held { value, lease, expires: claims.expires, ttl_ends, life, obtained, rejected: false, look_again: None, reason: flight.reason }
    }

    /// A server that took this key's token shows what time it is there, between `asked` and now, by our clock.
    pub fn shown(&mut self, now: Now, key: KeyId, server: UnixMillis, asked: UnixMillis) {
        let Some(held) = self.entries.get(key.0 as usize).and_then(|e| e.held.as_ref()) else { return };
        let Some(expires) = held.expires else { return };
        // A stub's, or a clock that the token itself contradicts; or ours was set meanwhile.
        if server <= expires - held.life - LEEWAY || server >= expires + LEEWAY || asked > now.wall {
            return;
        }
        let before = self.skew;
        self.skew.shown(server, asked, now.wall, SLACK);
        if before != self.skew {
            self.mirror_all();
        }
    }

    /// Writes the synchronous hit of a key, or takes it away.
    pub(super) fn mirror(&mut self, key: KeyId) {
        let Some(entry) = self.entries.get(key.0 as usize) else { return };
        let hit = match &entry.held {
            // Only up to the lead: from there on a read must come by, so that the refresh is started.
            Some(held) if self.may_keep() && !held.rejected && entry.must_force.is_none() => {
                let until = held.refresh_at(&self.policy, &self.skew).min(held.not_after(&self.policy, &self.skew, entry.latency));
                Some((held.value.clone(), held.obtained, until))
            }
            _ => None,
        };
        self.effects.add(Effect::Mirror(key, hit));
    }
}
