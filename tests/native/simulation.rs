//! The deterministic simulation: virtual clocks, a scripted provider, backends that verify what they get, people who come and go, tabs that sleep.
//! A seed decides a run; after every step the promises of DESIGN.md §4 (1 and 3 to 6) are checked by a model that does not look into the machine.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "simulation/backend.rs"]
mod backend;
#[path = "simulation/coverage.rs"]
mod coverage;
#[path = "simulation/events.rs"]
mod events;
#[path = "simulation/evidence.rs"]
mod evidence;
#[path = "simulation/fleet.rs"]
mod fleet;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/promises.rs"]
mod promises;
#[path = "simulation/random.rs"]
mod random;
#[path = "simulation/run.rs"]
mod run;
#[cfg(feature = "sabotage")]
#[path = "simulation/sabotage.rs"]
mod sabotage;
#[path = "simulation/shrink.rs"]
mod shrink;
#[path = "simulation/step.rs"]
mod step;
#[path = "simulation/tab.rs"]
mod tab;
#[path = "simulation/world.rs"]
mod world;

use std::time::Duration;

/// Steps per `npm test`, and per `npm run test:full`.
const STEPS: u64 = 20_000_000;
const SOAK: u64 = 1_000_000_000;
/// The first seed of each.
const BASE: u64 = 0x00c0_0c1e;
const SOAK_BASE: u64 = 0x50a4_0000_0000;

#[test]
fn every_promise_holds_after_every_step() {
    let full = std::env::var_os("COUNTERSIGN_FULL").is_some();
    let (base, steps) = if full { (SOAK_BASE, SOAK) } else { (BASE, STEPS) };
    let steps = std::env::var("COUNTERSIGN_STEPS").ok().and_then(|n| n.parse().ok()).unwrap_or(steps);
    let report = fleet::sail(base, steps, full.then_some(Duration::from_secs(30)));
    println!("{report}");
    if let Some((_, seed)) = report.failure {
        panic!("{}", fleet::explain(seed));
    }
    let never = report.seen.never();
    assert!(never.is_empty(), "never exercised: {never:?}");
}

/// A seed's run in readable lines, shrunk if it fails: `COUNTERSIGN_SEED=0x… cargo test --test simulation replay -- --ignored --nocapture`.
#[test]
#[ignore = "shows the run of COUNTERSIGN_SEED"]
fn replay() {
    let text = std::env::var("COUNTERSIGN_SEED").expect("COUNTERSIGN_SEED says which run");
    let seed = u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("COUNTERSIGN_SEED is a hexadecimal number");
    println!("{}", fleet::explain(seed));
}

/// Every kind of failure that so many runs show: `COUNTERSIGN_SURVEY=100000 cargo test --test simulation survey -- --ignored --nocapture`.
#[test]
#[ignore = "lists what COUNTERSIGN_SURVEY runs fail of"]
fn survey() {
    let runs = std::env::var("COUNTERSIGN_SURVEY").ok().and_then(|n| n.parse().ok()).expect("COUNTERSIGN_SURVEY says how many runs");
    let base = if std::env::var_os("COUNTERSIGN_FULL").is_some() { SOAK_BASE } else { BASE };
    println!("{}", fleet::survey(base, runs));
}
