//! What is known about one key: its token, the flight that fetches the next one, and how that has been going.

use super::budget::Budget;
use super::policy::Policy;
use super::skew::Skew;
use crate::core::backoff::Backoff;
use crate::core::error::Why;
use crate::core::lease::{Lease, LeaseId};
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

/// Names one of the session's templates within a machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KeyId(pub u32);

/// Names one call of the provider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FlightId(pub u32);

/// Why the provider is asked, as the provider is told; JavaScript knows them by number, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Reason {
    /// There is no token yet.
    First,
    /// The token at hand expires soon.
    Expiring,
    /// A backend refused the token at hand.
    Rejected,
    /// The app wants a new one.
    Forced,
    /// Another identity.
    Identity,
}

/// A token at hand.
#[derive(Clone, Debug)]
pub struct Held<V> {
    /// The token.
    pub value: V,
    /// Which one it is.
    pub lease: LeaseId,
    /// `exp` on the servers' clock; `None` where it has a time to live of ours instead.
    pub expires: Option<UnixMillis>,
    /// Local time at which an unreadable token stops being trusted.
    pub ttl_ends: UnixMillis,
    /// `exp - iat`, or the time to live.
    pub life: DurationMs,
    /// Local time of receipt.
    pub obtained: UnixMillis,
    /// A backend refused it.
    pub rejected: bool,
    /// When to look again, if not at the lead: the provider answered with this very token when it was last asked.
    pub look_again: Option<UnixMillis>,
    /// Why the provider was asked for it.
    pub reason: Reason,
}

impl<V: Clone> Held<V> {
    /// Local time of expiry.
    pub fn expires_at(&self, skew: &Skew) -> UnixMillis {
        self.expires.map_or(self.ttl_ends, |exp| skew.local(exp))
    }

    /// What is left of it.
    pub fn left(&self, skew: &Skew, now: UnixMillis) -> DurationMs {
        self.expires_at(skew) - now
    }

    /// Whether it has expired by every clock that the evidence allows. Anything less certain is sent: the backend knows.
    pub fn spent(&self, skew: &Skew, now: UnixMillis) -> bool {
        let at = self.expires.map_or(self.ttl_ends, |exp| exp - DurationMs(skew.bounds().0.unwrap_or(0)));
        at <= now
    }

    /// Local time from which it is not handed out any more: by the clock that makes it expire soonest.
    pub fn not_after(&self, policy: &Policy, skew: &Skew, latency: DurationMs) -> UnixMillis {
        self.expires.map_or(self.ttl_ends, |exp| skew.earliest(exp)) - policy.margin(self.life, latency)
    }

    /// Local time of the next refresh: its lead before expiry, or when it was put off to.
    pub fn refresh_at(&self, policy: &Policy, skew: &Skew) -> UnixMillis {
        self.look_again.unwrap_or_else(|| self.expires_at(skew) - policy.lead(self.life))
    }

    /// On loan.
    pub fn lend(&self, policy: &Policy, skew: &Skew, latency: DurationMs, generation: u32) -> Lease<V> {
        Lease { id: self.lease, value: self.value.clone(), not_after: self.not_after(policy, skew, latency), generation }
    }
}

/// The provider at work.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    /// Which call.
    pub id: FlightId,
    /// Whether a token newer than the provider's own cached one was asked for.
    pub forced: bool,
    /// Why.
    pub reason: Reason,
    /// Began after the app said that the token's contents changed: brings the new ones.
    pub cures: bool,
    /// When it was called.
    pub began: Now,
}

impl Flight {
    /// When it is so old that a second one may start beside it (H8).
    pub fn stuck_at(&self, policy: &Policy) -> Mono {
        self.began.mono + policy.stuck
    }
}

/// Everything about one key.
#[derive(Clone, Debug)]
pub struct Entry<V> {
    /// The token at hand.
    pub held: Option<Held<V>>,
    /// The flight that callers join.
    pub flight: Option<Flight>,
    /// A flight given up on; its late answer is adopted if nothing newer came.
    pub stray: Option<Flight>,
    /// The next unforced read forces, and why: the app said that the token's contents changed, or the user went to another organisation.
    pub must_force: Option<Reason>,
    /// Failures in a row.
    pub backoff: Backoff,
    /// Until then, failing calls are answered with `last_error`.
    pub retry_at: Mono,
    /// What the provider failed with.
    pub last_error: Option<Why>,
    /// Forced calls in the last minute.
    pub forced: Budget,
    /// Last time anybody wanted it.
    pub last_read: Option<Mono>,
    /// Last time the provider answered, whatever it was.
    pub last_answer: Option<Mono>,
    /// Largest `iat` seen: a forced answer with a larger one was minted for us.
    pub newest: Option<UnixMillis>,
    /// How often the provider answered with a token.
    pub refreshes: u32,
    /// The slowest of recent answers, decaying: stands for the p95.
    pub latency: DurationMs,
}

impl<V> Entry<V> {
    /// A key nobody has asked for yet.
    #[allow(clippy::new_without_default, reason = "a default entry would be one of no key")]
    pub fn new() -> Self {
        Self {
            held: None,
            flight: None,
            stray: None,
            must_force: None,
            backoff: Backoff::default(),
            retry_at: Mono(0),
            last_error: None,
            forced: Budget::default(),
            last_read: None,
            last_answer: None,
            newest: None,
            refreshes: 0,
            latency: DurationMs::ZERO,
        }
    }

    /// Before this a key is not refreshed ahead of need: not while that fails, and not soon after it was asked.
    pub fn rested(&self, policy: &Policy, life: DurationMs) -> Mono {
        self.last_answer.map_or(self.retry_at, |at| self.retry_at.max(at + policy.interval(life)))
    }

    /// The flight that callers join, unless it is given up on.
    pub fn flying(&self, policy: &Policy, now: Mono) -> bool {
        self.flight.is_some_and(|f| now < f.stuck_at(policy))
    }

    /// Takes a measured latency in: up at once, down slowly.
    pub fn measured(&mut self, took: DurationMs) {
        self.latency = DurationMs(took.0.max(self.latency.0 * 7 / 8));
    }
}
