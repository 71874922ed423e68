//! Layer 4a: browser adapters, the only place that names `web_sys`, `js_sys` APIs or gloo.

#[cfg(feature = "core")]
pub mod answer;
#[cfg(feature = "core")]
pub mod host;
#[cfg(feature = "diagnose")]
pub mod jwks;
#[cfg(feature = "core")]
pub mod ports;

/// Two-level segregated fit, in its small form: a page holds a few hundred small things at a time.
#[cfg(not(test))]
#[global_allocator]
static ALLOC: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
