#![doc = include_str!("ARCHITECTURE.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[cfg(all(feature = "sabotage", target_arch = "wasm32"))]
compile_error!("feature `sabotage` is for native tests: it breaks what the package promises");

#[cfg(feature = "core")]
pub mod auth;
pub mod backends;
#[cfg(all(feature = "bindings", target_arch = "wasm32"))]
pub mod bind;
pub mod core;
#[cfg(feature = "diagnose")]
pub mod doctor;
#[cfg(feature = "core")]
pub mod driver;
#[cfg(target_arch = "wasm32")]
pub mod js;
#[cfg(feature = "live")]
pub mod link;
