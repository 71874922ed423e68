//! A Fauna subscription: its decisions one by one, and a model of a server, a network, a provider and a page under random faults.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "fauna/bench.rs"]
mod bench;
#[path = "fauna/feeds.rs"]
mod feeds;
#[path = "fauna/model.rs"]
mod model;
#[path = "fauna/moves.rs"]
mod moves;
#[path = "fauna/page.rs"]
mod page;
#[path = "simulation/random.rs"]
mod random;
#[path = "fauna/refusals.rs"]
mod refusals;
#[path = "fauna/server.rs"]
mod server;
#[path = "fauna/steps.rs"]
mod steps;
