//! A session over a scripted world: what is sent, what is delivered, and what never is.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "driver/calls.rs"]
mod calls;
#[path = "driver/fences.rs"]
mod fences;
#[path = "driver/properties.rs"]
mod properties;
#[path = "driver/script.rs"]
mod script;
#[path = "driver/sleep.rs"]
mod sleep;
