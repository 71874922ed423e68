//! The doctor: what it says about every kind of token, per backend; signatures; and that nothing it is fed makes it panic or talk.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "doctor/backends.rs"]
mod backends;
#[path = "doctor/properties.rs"]
mod properties;
#[path = "doctor/shapes.rs"]
mod shapes;
#[path = "doctor/signatures.rs"]
mod signatures;
#[path = "doctor/tokens.rs"]
mod tokens;
