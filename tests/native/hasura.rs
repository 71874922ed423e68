//! A connection to Hasura: its decisions one by one, and a model of a server, a network, a provider and a page under random faults.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "hasura/bench.rs"]
mod bench;
#[path = "hasura/closes.rs"]
mod closes;
#[path = "hasura/effects.rs"]
mod effects;
#[path = "hasura/faults.rs"]
mod faults;
#[path = "hasura/idle.rs"]
mod idle;
#[path = "hasura/losses.rs"]
mod losses;
#[path = "hasura/model.rs"]
mod model;
#[path = "hasura/network.rs"]
mod network;
#[path = "hasura/page.rs"]
mod page;
#[path = "simulation/random.rs"]
mod random;
#[path = "hasura/refusals.rs"]
mod refusals;
#[path = "hasura/rotation.rs"]
mod rotation;
#[path = "hasura/server.rs"]
mod server;
#[path = "hasura/standard.rs"]
mod standard;
#[path = "hasura/statuses.rs"]
mod statuses;
#[path = "hasura/wake.rs"]
mod wake;
