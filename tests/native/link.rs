//! A connection to Hasura: its decisions one by one, and a model of a server, a network, a provider and a page under random faults.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "link/bench.rs"]
mod bench;
#[path = "link/closes.rs"]
mod closes;
#[path = "link/effects.rs"]
mod effects;
#[path = "link/faults.rs"]
mod faults;
#[path = "link/idle.rs"]
mod idle;
#[path = "link/losses.rs"]
mod losses;
#[path = "link/model.rs"]
mod model;
#[path = "link/network.rs"]
mod network;
#[path = "link/page.rs"]
mod page;
#[path = "simulation/random.rs"]
mod random;
#[path = "link/refusals.rs"]
mod refusals;
#[path = "link/rotation.rs"]
mod rotation;
#[path = "link/server.rs"]
mod server;
#[path = "link/standard.rs"]
mod standard;
#[path = "link/statuses.rs"]
mod statuses;
#[path = "link/wake.rs"]
mod wake;
