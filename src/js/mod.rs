//! Layer 4a: browser adapters, the only place that names `web_sys`, `js_sys` APIs or gloo.

#[cfg(feature = "core")]
pub mod answer;
#[cfg(feature = "core")]
pub mod host;
#[cfg(feature = "core")]
pub mod http;
#[cfg(feature = "diagnose")]
pub mod jwks;
#[cfg(feature = "core")]
pub mod ports;
