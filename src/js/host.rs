//! The JavaScript half of a session (`pkg/src/core/host.ts`): it owns the promises and follows the provider's, so that a trapped instance
//! can still settle every one of them. Keys, calls and promises are numbers. None of its methods throws.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The object that TypeScript hands in.
    pub type Host;

    /// Asks the provider; `answered`, `nobody` or `refused` comes back.
    #[wasm_bindgen(method, structural)]
    pub fn ask(this: &Host, flight: u32, key: u32, force: bool, reason: u8);

    /// That answer is not wanted any more.
    #[wasm_bindgen(method, structural)]
    pub fn drop(this: &Host, flight: u32);

    /// Resolves a promise.
    #[wasm_bindgen(method, structural)]
    pub fn give(this: &Host, pending: u32, value: &JsValue);

    /// Resolves a promise with a lease; id 0: nobody is signed in.
    #[wasm_bindgen(method, structural)]
    pub fn lend(this: &Host, pending: u32, token: &JsValue, not_after: f64, id: u32);

    /// Rejects a promise. For a call: nothing of it is delivered any more.
    #[wasm_bindgen(method, structural)]
    pub fn fail(this: &Host, pending: u32, why: u8);

    /// `[input, init]` for a call's next send: the caller's own, with our defaults, the client's headers and this token (`undefined`: bare).
    /// `undefined`: something threw, and the promise has been rejected with it.
    #[wasm_bindgen(method, structural)]
    pub fn prepare(this: &Host, call: u32, fence: &JsValue, token: &JsValue) -> Option<Array>;

    /// Follows the promise of a fetch; `responded` or `lost` comes back.
    #[wasm_bindgen(method, structural)]
    pub fn follow(this: &Host, call: u32, response: &JsValue);

    /// Reads the beginning of a call's response; `head` or `verdict` comes back.
    #[wasm_bindgen(method, structural)]
    pub fn read(this: &Host, call: u32);

    /// The synchronous hit of a key.
    #[wasm_bindgen(method, structural)]
    pub fn mirror(this: &Host, key: u32, token: &JsValue, from: f64, until: f64);

    /// For observers: what, about which key (-1: none), and up to four numbers.
    #[wasm_bindgen(method, structural)]
    pub fn notice(this: &Host, kind: u8, key: i32, a: f64, b: f64, c: f64, d: f64);

    /// Sends the tick after so many milliseconds; below zero: not at all. Replaces what was asked before.
    #[wasm_bindgen(method, structural)]
    pub fn wake(this: &Host, after: f64);

    /// The error that aborted requests reject with.
    #[wasm_bindgen(method, structural)]
    pub fn fenced(this: &Host) -> JsValue;
}
