//! Instants and spans. The clock itself is an argument wherever it is needed.

use std::ops::{Add, Sub};

/// Milliseconds since the Unix epoch by the local wall clock, as `Date.now()` gives them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct UnixMillis(pub i64);

/// A span in milliseconds; may be negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct DurationMs(pub i64);

impl UnixMillis {
    /// Later than any clock will show, with room to add to.
    pub const NEVER: Self = Self(i64::MAX / 4);
}

impl DurationMs {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * 1000)
    }
}

// Plain arithmetic cannot overflow here: whatever comes in from outside is bounded where it is read (`auth/claims.rs`, `Date.now()`, options).
impl Add<DurationMs> for UnixMillis {
    type Output = Self;
    fn add(self, span: DurationMs) -> Self {
        Self(self.0.wrapping_add(span.0))
    }
}

impl Sub<DurationMs> for UnixMillis {
    type Output = Self;
    fn sub(self, span: DurationMs) -> Self {
        Self(self.0.wrapping_sub(span.0))
    }
}

impl Sub for UnixMillis {
    type Output = DurationMs;
    fn sub(self, other: Self) -> DurationMs {
        DurationMs(self.0.wrapping_sub(other.0))
    }
}

impl Add for DurationMs {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}
