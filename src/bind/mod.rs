//! Layer 4b: `#[wasm_bindgen]` exports: convert in, call, convert out. No decisions.

#[cfg(feature = "diagnose")]
pub mod diagnose;
#[cfg(feature = "core")]
pub mod session;
#[cfg(all(feature = "live", feature = "instant"))]
pub mod instant;
#[cfg(all(feature = "live", feature = "fauna"))]
pub mod fauna;
#[cfg(all(feature = "live", any(feature = "hasura", feature = "instant")))]
pub mod link;
#[cfg(feature = "live")]
pub mod live;
