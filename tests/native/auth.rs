//! The token manager under a virtual clock and a scripted provider: nothing here waits, sleeps or depends on chance.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "auth/answers.rs"]
mod answers;
#[path = "auth/base64.rs"]
mod base64;
#[path = "auth/bounds.rs"]
mod bounds;
#[path = "auth/cache.rs"]
mod cache;
#[path = "auth/clock.rs"]
mod clock;
#[path = "auth/clocks.rs"]
mod clocks;
#[path = "auth/evidence.rs"]
mod evidence;
#[path = "auth/expiry.rs"]
mod expiry;
#[path = "auth/flights.rs"]
mod flights;
#[path = "auth/found.rs"]
mod found;
#[path = "auth/identity.rs"]
mod identity;
#[path = "auth/interleavings.rs"]
mod interleavings;
#[path = "auth/leases.rs"]
mod leases;
#[path = "auth/places.rs"]
mod places;
#[path = "auth/properties.rs"]
mod properties;
#[path = "auth/refusals.rs"]
mod refusals;
#[path = "auth/untold.rs"]
mod untold;
#[path = "auth/world.rs"]
mod world;
