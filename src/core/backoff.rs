//! Exponential back-off. Randomness is an argument, so a test can hold it still.

use super::time::DurationMs;

/// How long to leave a failing party alone: 0.5 s, doubled per failure, give or take a quarter, at most a minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    const BASE_MS: i64 = 500;
    const CAP_MS: i64 = 60_000;

    /// Counts a failure and says how long to wait. `random` is in `[0, 1)`.
    pub fn fail(&mut self, random: f64) -> DurationMs {
        let plain = (Self::BASE_MS << self.failures.min(10)).min(Self::CAP_MS);
        self.failures = self.failures.saturating_add(1);
        let spread = (plain as f64 * 0.5 * (random.clamp(0.0, 1.0) - 0.5)) as i64;
        DurationMs((plain + spread).min(Self::CAP_MS))
    }

    /// Forgets the failures.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How many failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
