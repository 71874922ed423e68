//! Hasura: how it says that a token was refused, what its tokens must contain, and how a connection outlives them.

#[cfg(feature = "diagnose")]
pub mod lint;
#[cfg(feature = "core")]
pub mod classify;
#[cfg(feature = "live")]
pub mod close;

/// Hasura, for the driver.
#[cfg(feature = "core")]
pub const BACKEND: crate::core::http::Backend = crate::core::http::Backend { name: "hasura", classify: classify::classify };
