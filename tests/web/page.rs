//! The scripts of `common` in a page.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn caches_until_told_otherwise() {
    common::caches();
}

#[wasm_bindgen_test]
fn defines_every_answer() {
    common::answers();
}

#[wasm_bindgen_test]
fn fences_requests_by_identity() {
    common::fences();
}

#[wasm_bindgen_test]
fn replays_once() {
    common::replays();
}

#[wasm_bindgen_test]
fn refuses_other_origins() {
    common::refuses();
}

#[wasm_bindgen_test]
async fn times_out_by_the_platforms_timer() {
    common::times_out().await;
}

#[wasm_bindgen_test]
fn lends_and_renews() {
    common::leases();
}
