//! Instants and spans. The clocks themselves are an argument wherever they are needed.
//!
//! There are two: what a token says is about the wall clock, which a user or a sleeping machine sets to anything; how long somebody
//! waits is about the monotonic one. A type for each, so that neither is compared with the other.

use std::ops::{Add, Sub};

/// Milliseconds since the Unix epoch by the local wall clock, as `Date.now()` gives them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct UnixMillis(pub i64);

/// Milliseconds by the monotonic clock, as `performance.now()` gives them: never set back, and on most systems not counting sleep.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Mono(pub i64);

/// Both clocks, read together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// For what tokens say.
    pub wall: UnixMillis,
    /// For who waits how long.
    pub mono: Mono,
}

impl Now {
    /// When the monotonic clock will show what the wall clock calls `at`, if nobody sets it.
    pub fn mono_at(self, at: UnixMillis) -> Mono {
        self.mono + (at - self.wall)
    }
}

/// A span in milliseconds; may be negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct DurationMs(pub i64);

impl UnixMillis {
    /// Later than any clock will show, with room to add to.
    pub const NEVER: Self = Self(i64::MAX / 4);
}

impl Mono {
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
macro_rules! clock {
    ($instant:ident) => {
        impl Add<DurationMs> for $instant {
            type Output = Self;
            fn add(self, span: DurationMs) -> Self {
                Self(self.0.wrapping_add(span.0))
            }
        }

        impl Sub<DurationMs> for $instant {
            type Output = Self;
            fn sub(self, span: DurationMs) -> Self {
                Self(self.0.wrapping_sub(span.0))
            }
        }

        impl Sub for $instant {
            type Output = DurationMs;
            fn sub(self, other: Self) -> DurationMs {
                DurationMs(self.0.wrapping_sub(other.0))
            }
        }
    };
}

clock!(UnixMillis);
clock!(Mono);

impl Add for DurationMs {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}
