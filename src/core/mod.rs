//! Layer 0: plain data. No IO, no clock, no async, no wasm.

#[cfg(any(feature = "core", feature = "live"))]
pub mod backoff;
#[cfg(feature = "core")]
pub mod base64;
#[cfg(feature = "core")]
pub mod endpoint;
pub mod error;
#[cfg(feature = "diagnose")]
pub mod finding;
#[cfg(feature = "core")]
pub mod http;
#[cfg(feature = "core")]
pub mod json;
#[cfg(feature = "core")]
pub mod lease;
#[cfg(feature = "core")]
pub mod payload;
#[cfg(any(feature = "core", feature = "live"))]
pub mod queue;
#[cfg(feature = "core")]
pub mod sabotage;
pub mod text;
#[cfg(any(feature = "core", feature = "live"))]
pub mod time;
