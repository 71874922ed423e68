//! Puts the token on a request and sends it. The string goes from the provider into the header without ever lying in linear memory.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Looked up at call time, so that stubs, MSW and instrumentation are seen; `catch`, because a stub may throw at once.
    #[wasm_bindgen(js_namespace = globalThis, js_name = fetch, catch)]
    fn fetch(input: &JsValue, init: &JsValue) -> Result<JsValue, JsValue>;

    /// A request's init as the host prepared it: its headers are a `Headers`.
    type Init;
    #[wasm_bindgen(method, getter, structural)]
    fn headers(this: &Init) -> HeaderList;

    /// web-sys binds `Headers.set` for Rust texts only; this is the same method, for a JavaScript string.
    type HeaderList;
    #[wasm_bindgen(method, structural, catch)]
    fn set(this: &HeaderList, name: &str, value: &JsString) -> Result<(), JsValue>;
}

/// Sends what the host prepared. The promise of the platform's `fetch`.
///
/// # Errors
/// What fetch threw instead of rejecting.
pub fn send(prepared: &Array, token: Option<&JsValue>) -> Result<JsValue, JsValue> {
    let init = prepared.get(1);
    if let Some(token) = token {
        init.unchecked_ref::<Init>().headers().set("authorization", &JsString::from("Bearer ").concat(token))?;
    }
    fetch(&prepared.get(0), &init)
}
