//! How far the local clock is from the servers', as far as tokens and servers have shown it (H1).
//!
//! Server time minus local time lies in `[low, high]`. Nothing is known at first, and nothing known means: the clock is right.

use crate::core::time::{DurationMs, UnixMillis};

/// The interval of possible skews. An end that is not known is as far away as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    low: i64,
    high: i64,
}

impl Default for Skew {
    fn default() -> Self {
        Self { low: i64::MIN, high: i64::MAX }
    }
}

impl Skew {
    /// A token with this `iat` was seen: the server's clock is at least there.
    pub fn seen(&mut self, issued: UnixMillis, now: UnixMillis) {
        self.narrow((issued - now).0, i64::MAX);
    }

    /// A token with this `iat` was minted between `asked` and `now`. `iat` is in whole seconds, hence the second on top.
    pub fn minted(&mut self, issued: UnixMillis, asked: UnixMillis, now: UnixMillis) {
        self.narrow((issued - now).0, (issued - asked).0 + 1_000);
    }

    /// A server showed its clock between `asked` and `now`; give or take what its words are rounded and delayed by.
    pub fn shown(&mut self, server: UnixMillis, asked: UnixMillis, now: UnixMillis, slack: DurationMs) {
        self.narrow((server - now).0 - slack.0, (server - asked).0 + slack.0);
    }

    fn narrow(&mut self, low: i64, high: i64) {
        *self = Self { low: low.max(self.low), high: high.min(self.high) };
        // An empty intersection means that a clock was set: start over with what was just measured.
        if self.low > self.high {
            *self = Self { low, high };
        }
    }

    /// The skew to reckon with: none, or the nearest to none that the evidence allows.
    pub fn estimate(&self) -> DurationMs {
        DurationMs(self.low.max(0).min(self.high))
    }

    /// A server's instant on the local clock.
    pub fn local(&self, server: UnixMillis) -> UnixMillis {
        server - self.estimate()
    }

    /// The earliest local time that a server's instant may be, by what a minted token has shown: what must not be late is measured from here.
    pub fn earliest(&self, server: UnixMillis) -> UnixMillis {
        server - if self.calibrated() { DurationMs(self.high) } else { self.estimate() }
    }

    /// Whether a token that was minted for us has shown both ends.
    pub fn calibrated(&self) -> bool {
        self.high != i64::MAX
    }

    /// Forgets everything: the machine slept, its clock was set, or what was known cannot be true.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Both ends, for the decision trace; `None` where nothing has shown one.
    pub fn bounds(&self) -> (Option<i64>, Option<i64>) {
        ((self.low != i64::MIN).then_some(self.low), self.calibrated().then_some(self.high))
    }
}
