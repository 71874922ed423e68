//! How far the local clock is from the servers', as far as tokens and servers have shown it (H1).
//!
//! Server time minus local time lies in `[low, high]`. Nothing is known at first, and nothing known means: the clock is right.

use crate::core::time::{DurationMs, UnixMillis};

/// The interval of possible skews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    low: Option<i64>,
    high: Option<i64>,
}

impl Skew {
    /// A token with this `iat` was seen: the server's clock is at least there.
    pub fn seen(&mut self, issued: UnixMillis, now: UnixMillis) {
        self.narrow(Some((issued - now).0), None);
    }

    /// A token with this `iat` was minted between `asked` and `now`. `iat` is in whole seconds, hence the second on top.
    pub fn minted(&mut self, issued: UnixMillis, asked: UnixMillis, now: UnixMillis) {
        self.narrow(Some((issued - now).0), Some((issued - asked).0 + 1_000));
    }

    /// A server showed its clock between `asked` and `now`; give or take what its words are rounded and delayed by.
    pub fn shown(&mut self, server: UnixMillis, asked: UnixMillis, now: UnixMillis, slack: DurationMs) {
        self.narrow(Some((server - now).0 - slack.0), Some((server - asked).0 + slack.0));
    }

    fn narrow(&mut self, low: Option<i64>, high: Option<i64>) {
        let l = max(self.low, low);
        let h = min(self.high, high);
        // An empty intersection means that a clock was set: start over with what was just measured.
        (self.low, self.high) = match (l, h) {
            (Some(l), Some(h)) if l > h => (low, high),
            both => both,
        };
    }

    /// The skew to reckon with: none, or the nearest to none that the evidence allows.
    pub fn estimate(&self) -> DurationMs {
        let mut guess = 0;
        if let Some(low) = self.low {
            guess = guess.max(low);
        }
        if let Some(high) = self.high {
            guess = guess.min(high);
        }
        DurationMs(guess)
    }

    /// A server's instant on the local clock.
    pub fn local(&self, server: UnixMillis) -> UnixMillis {
        server - self.estimate()
    }

    /// The earliest local time that a server's instant may be, by what a minted token has shown: what must not be late is measured from here.
    pub fn earliest(&self, server: UnixMillis) -> UnixMillis {
        server - DurationMs(self.high.unwrap_or(self.estimate().0))
    }

    /// Whether a token that was minted for us has shown both ends.
    pub fn calibrated(&self) -> bool {
        self.high.is_some()
    }

    /// Forgets everything: the machine slept, its clock was set, or what was known cannot be true.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Both ends, for the decision trace.
    pub fn bounds(&self) -> (Option<i64>, Option<i64>) {
        (self.low, self.high)
    }
}

fn max(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

fn min(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
