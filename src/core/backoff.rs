//! Exponential back-off. Randomness is an argument, so a test can hold it still.

use super::time::DurationMs;

/// How long to leave a failing party alone: longer per failure, give or take a quarter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure and says how long to wait: `base`, doubled per failure in a row, at most `cap`. `random` is in `[0, 1)`.
    pub fn fail(&mut self, base: DurationMs, cap: DurationMs, random: f64) -> DurationMs {
        let plain = (base.0 << self.failures.min(10)).min(cap.0);
        self.failures = self.failures.saturating_add(1);
        let spread = (plain as f64 * 0.5 * (random.clamp(0.0, 1.0) - 0.5)) as i64;
        DurationMs((plain + spread).min(cap.0))
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

/// Full jitter, as Fauna's driver has it: anything up to a second after the first failure in a row, two after the second, and so on; `cap` at most. `random` is in `[0, 1)`.
pub fn jitter(failures: u32, cap: DurationMs, random: f64) -> DurationMs {
    let most = 1000_i64 << failures.saturating_sub(1).min(20);
    DurationMs((random.clamp(0.0, 1.0) * most as f64) as i64).min(cap)
}
