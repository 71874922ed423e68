//! The Instant bridge: its decisions one by one, and a model of a server under random interleavings.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "instant/failures.rs"]
mod failures;
#[path = "instant/model.rs"]
mod model;
#[path = "instant/steps.rs"]
mod steps;
