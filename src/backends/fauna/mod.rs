//! Fauna: how it says that a token was refused, and what its tokens must contain.

#[cfg(feature = "diagnose")]
pub mod lint;
#[cfg(feature = "core")]
pub mod classify;

/// Fauna, for the driver.
#[cfg(feature = "core")]
pub const BACKEND: crate::core::http::Backend = crate::core::http::Backend { name: "fauna", classify: classify::classify };
