//! Instant: how it says that a token was refused, what its tokens must contain, and how its session is kept in step with the identity.

#[cfg(feature = "live")]
pub mod failure;
#[cfg(feature = "diagnose")]
pub mod lint;
#[cfg(feature = "live")]
pub mod machine;
#[cfg(feature = "live")]
pub mod words;
#[cfg(feature = "core")]
pub mod classify;

/// Instant, for the driver.
#[cfg(feature = "core")]
pub const BACKEND: crate::core::http::Backend = crate::core::http::Backend { name: "instant", classify: classify::classify };
