//! The JavaScript half of a session (`pkg/src/core/session.ts`): it owns the promises and follows the provider's, so that a trapped instance
//! can still settle every one of them, and it owns the requests, so that sending one is a single crossing. Keys, calls and promises are
//! numbers. None of its methods throws.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The object that TypeScript hands in.
    pub type Host;

    /// Milliseconds since the epoch. Declared here, with `random`: js-sys leaves functions of its own in every module that names it.
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub fn wall() -> f64;

    /// Below one, at least zero.
    #[wasm_bindgen(js_namespace = Math)]
    pub fn random() -> f64;

    /// Milliseconds of the monotonic clock.
    #[wasm_bindgen(method, structural)]
    pub fn now(this: &Host) -> f64;

    /// Asks the provider; `answered` or a command comes back.
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

    /// Sends a call's request: the caller's own, with our defaults, the client's headers and this token (`undefined`: bare).
    /// `responded` comes back, or `cancel` where it failed for a reason that the host has told the caller.
    #[wasm_bindgen(method, structural)]
    pub fn send(this: &Host, call: u32, token: &JsValue);

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

    /// Aborts every request that was sent.
    #[wasm_bindgen(method, structural)]
    pub fn fence(this: &Host);
}
