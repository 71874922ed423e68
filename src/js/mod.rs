//! Layer 4a: browser adapters, the only place that names `web_sys`, `js_sys` APIs or gloo.

#[cfg(feature = "core")]
pub(crate) mod answer;
#[cfg(feature = "core")]
pub(crate) mod host;
#[cfg(feature = "core")]
pub(crate) mod http;
#[cfg(feature = "diagnose")]
pub(crate) mod jwks;
#[cfg(feature = "core")]
pub(crate) mod ports;
