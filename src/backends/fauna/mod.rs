//! Fauna: how it says that a token was refused, what its tokens must contain, and how a subscription to its events goes on.

#[cfg(feature = "diagnose")]
pub mod lint;
#[cfg(feature = "core")]
pub mod classify;
#[cfg(feature = "live")]
pub mod stream;

/// Fauna, for the driver.
#[cfg(feature = "core")]
pub const BACKEND: crate::core::http::Backend = crate::core::http::Backend { name: "fauna", classify: classify::classify };
