//! What the browser tests share: a recording host, and the scripts themselves, run in a page and in a worker.

use countersign::bind::session::{command, identity, lease, open, request, token};
use countersign::js::host::Host;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/web/host.js")]
extern "C" {
    #[wasm_bindgen(js_name = newHost)]
    pub fn new_host() -> JsValue;
    #[wasm_bindgen(js_name = onTick)]
    pub fn on_tick(host: &JsValue, tick: &Closure<dyn Fn()>);
    pub fn log(host: &JsValue) -> String;
    pub fn settled(host: &JsValue, id: u32) -> String;
    pub fn mirrored(host: &JsValue, key: u32) -> String;
    pub fn sent(host: &JsValue, id: u32) -> String;
    #[wasm_bindgen(catch)]
    pub async fn wait(ms: u32) -> Result<JsValue, JsValue>;
    pub fn jwt(seconds: i32, jti: &str) -> JsValue;
}

const CONNECT: u32 = 1;
const INVALIDATE: u32 = 4;
const REFUSED: u32 = 6;
const RESPONDED: u32 = 9;
const DISPOSE: u32 = 10;
const TIMEOUT: u32 = 13;
const FORCED_PER_MINUTE: u32 = 18;
const TICK: u32 = 21;

/// A session with one key, connected, alice signed in.
fn session() -> (JsValue, u32, u32) {
    let host = new_host();
    let n = open(host.clone().unchecked_into::<Host>());
    let key = command(n, 0, 0.0, 0.0) as u32;
    command(n, CONNECT, 1.0, 0.0);
    identity(n, 2, "alice", true);
    (host, n, key)
}

/// A client of one origin.
fn client(n: u32, key: u32, backend: &str) -> f64 {
    let door = countersign::bind::session::door(n, f64::from(key), backend, 0);
    countersign::bind::session::origin(n, door, "https://api.test");
    f64::from(door)
}

/// The provider answers with a text, and with nothing beside it.
fn answered(n: u32, flight: u32, token: &JsValue) {
    countersign::bind::session::answered(n, flight, token.clone(), &token.as_string().unwrap(), 0.0);
}

/// One flight, then the synchronous hit; forced after `invalidate`.
pub fn caches() {
    let (host, n, key) = session();
    assert!(token(n, 1, key, 0, 0.0).is_undefined());
    assert!(token(n, 2, key, 0, 0.0).is_undefined());
    assert_eq!(log(&host).matches("ask ").count(), 1, "{}", log(&host));
    let first = jwt(60, "one");
    answered(n, 1, &first);
    assert_eq!(settled(&host, 1), first.as_string().unwrap());
    assert_eq!(settled(&host, 2), first.as_string().unwrap());
    assert_eq!(mirrored(&host, key), first.as_string().unwrap());
    assert_eq!(token(n, 3, key, 0, 0.0), first);
    assert_eq!(token(n, 0, key, 2, 0.0), first);
    command(n, INVALIDATE, -1.0, 0.0);
    assert_eq!(mirrored(&host, key), "undefined");
    assert!(token(n, 4, key, 0, 0.0).is_undefined());
    assert!(log(&host).contains("ask 2 0 true"), "{}", log(&host));
    command(n, DISPOSE, 0.0, 0.0);
}

/// Every kind of answer is defined: token, nobody, or a reason.
pub fn answers() {
    let (host, n, key) = session();
    command(n, FORCED_PER_MINUTE, 100.0, 0.0);
    let long = "x".repeat(100_000);
    // A text, or the number of what else it is.
    let cases: [(Result<&str, f64>, &str); 9] = [
        (Ok(""), "null"),
        (Ok(&long), "why 10"),
        (Ok("two words"), "why 11"),
        (Ok("opaque"), "opaque"),
        (Err(-1.0), "null"),
        (Err(-2.0), "why 6"),
        (Err(-3.0), "why 7"),
        (Err(-4.0), "why 9"),
        (Err(-5.0), "why 8"),
    ];
    for (i, (answer, expected)) in cases.into_iter().enumerate() {
        let pending = 10 + i as u32;
        assert!(token(n, pending, key, 1, 0.0).is_undefined());
        let flight = log(&host).lines().filter(|l| l.starts_with("ask ")).count() as u32;
        match answer {
            Ok(text) => answered(n, flight, &text.into()),
            Err(what) => drop(command(n, REFUSED, f64::from(flight), what)),
        }
        assert_eq!(settled(&host, pending), expected, "answer {i}");
        // A failing provider is left alone for a while; a new identity starts over.
        identity(n, 2, &format!("alice {i}"), false);
    }
    command(n, DISPOSE, 0.0, 0.0);
}

/// The request carries the token; a change of identity aborts it, and its promise says so.
pub fn fences() {
    let (host, n, key) = session();
    let client = client(n, key, "hasura");
    request(n, 20, client, -1.0, "https://api.test/20", true);
    let alice = jwt(60, "fence");
    answered(n, 1, &alice);
    assert_eq!(sent(&host, 20), alice.as_string().unwrap());
    assert!(!log(&host).contains("fence"));
    identity(n, 2, "bob", true);
    assert_eq!(settled(&host, 20), "why 1");
    assert_eq!(log(&host).matches("fence").count(), 1, "{}", log(&host));
    // What was alice's is gone, everywhere.
    assert!(token(n, 0, key, 2, 0.0).is_null());
    assert!(token(n, 0, key, 3, 0.0).is_null());
    assert_eq!(mirrored(&host, key), "undefined");
    command(n, DISPOSE, 0.0, 0.0);
}

/// 401: one forced refresh, one replay with the new token, and no third.
pub fn replays() {
    let (host, n, key) = session();
    let client = client(n, key, "fauna");
    request(n, 40, client, -1.0, "https://api.test/40", true);
    answered(n, 1, &jwt(60, "old"));
    command(n, RESPONDED, 40.0, 401.0);
    assert!(log(&host).contains("ask 2 0 true 2"), "{}", log(&host));
    let new = jwt(60, "new");
    answered(n, 2, &new);
    assert_eq!(sent(&host, 40), new.as_string().unwrap());
    command(n, RESPONDED, 40.0, 401.0);
    assert_eq!(settled(&host, 40), "delivered");
    assert_eq!(log(&host).matches("ask ").count(), 2);
    command(n, DISPOSE, 0.0, 0.0);
}

/// Origins are exact, and refused before anybody is asked for a token.
pub fn refuses() {
    let (host, n, key) = session();
    let client = client(n, key, "");
    for (i, href) in ["https://api.test.evil.io/", "https://api.test:8443/", "https://api.test@evil.io/", "http://api.test/", "data:text/plain,x"].into_iter().enumerate() {
        request(n, 50 + i as u32, client, -1.0, href, true);
        assert!(settled(&host, 50 + i as u32).starts_with("why 1"), "{href}: {}", settled(&host, 50 + i as u32));
    }
    assert_eq!(log(&host).matches("ask ").count(), 0);
    command(n, DISPOSE, 0.0, 0.0);
}

/// The timer of the browser ends a waiting that nothing else ends, and a provider that fails is told apart.
pub async fn times_out() {
    let (host, n, key) = session();
    command(n, TIMEOUT, 120.0, 0.0);
    let tick = Closure::new(move || {
        command(n, TICK, 0.0, 0.0);
    });
    on_tick(&host, &tick);
    assert!(token(n, 60, key, 0, 0.0).is_undefined());
    wait(400).await.unwrap();
    assert_eq!(settled(&host, 60), "why 4");
    command(n, REFUSED, 1.0, 0.0);
    assert!(token(n, 61, key, 0, 0.0).is_undefined());
    assert_eq!(settled(&host, 61), "why 5");
    command(n, DISPOSE, 0.0, 0.0);
}

/// A lease, then the next one, which waits for a better token.
pub fn leases() {
    let (host, n, key) = session();
    lease(n, 70, key, -1.0, 0);
    let one = jwt(60, "lease one");
    answered(n, 1, &one);
    assert_eq!(settled(&host, 70), format!("{}#1", one.as_string().unwrap()));
    lease(n, 71, key, -1.0, 1);
    assert_eq!(settled(&host, 71), "undefined");
    command(n, 3, 1.0, 0.0);
    let two = jwt(60, "lease two");
    answered(n, 2, &two);
    assert_eq!(settled(&host, 71), format!("{}#2", two.as_string().unwrap()));
    lease(n, 72, key, -1.0, 2);
    identity(n, 1, "", false);
    assert_eq!(settled(&host, 72), "why 1");
    command(n, DISPOSE, 0.0, 0.0);
}
