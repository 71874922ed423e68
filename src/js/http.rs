//! Sends what the host prepared. The token goes from the provider into the header as the JavaScript string it came as: it never lies in linear memory for longer than its claims are read.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Looked up at call time, so that stubs, MSW and instrumentation are seen; `catch`, because a stub may throw at once.
    #[wasm_bindgen(js_namespace = globalThis, js_name = fetch, catch)]
    fn fetch(input: &JsValue, init: &JsValue) -> Result<JsValue, JsValue>;
}

/// The promise of the platform's `fetch`.
///
/// # Errors
/// What fetch threw instead of rejecting.
pub fn send(prepared: &Array) -> Result<JsValue, JsValue> {
    fetch(&prepared.get(0), &prepared.get(1))
}
