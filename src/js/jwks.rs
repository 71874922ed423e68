//! Fetches an issuer's key set. gloo-net builds the request and reads the response, and is not allowed to send it: its `send` panics
//! where the platform's promise rejects with something that is no `Error`, and where a stub answers with something that is no `Response`.

use std::cell::Cell;
use std::rc::Rc;

use gloo_net::http::{Request, Response};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::core::finding::{Finding, quoted};

#[wasm_bindgen]
extern "C" {
    // Looked up at call time, so that stubs are seen; `catch`, because a stub may throw at once.
    #[wasm_bindgen(js_namespace = globalThis, js_name = fetch, catch)]
    fn fetch(request: &web_sys::Request) -> Result<JsValue, JsValue>;
}

/// How long one request may take.
const PATIENCE_MS: u32 = 10_000;
/// A larger answer is no key set.
const MAX: usize = 1024 * 1024;

/// A key set as text, and the address it came from.
pub struct Keys {
    /// JSON, not looked at.
    pub text: String,
    /// The last address asked.
    pub from: String,
}

/// The key set at an address, which may also be that of a discovery document, or the issuer itself.
///
/// # Errors
/// The finding to show: an address that may not be asked, or no answer from it.
pub async fn load(address: &str) -> Result<Keys, Finding> {
    let url = admit(address)?;
    let path = url.pathname();
    let issuer = address.trim_end_matches('/');
    if path.len() > 1 {
        match get(address).await {
            Ok(keys) => return follow(keys).await,
            // An issuer may have a path of its own (Okta, Keycloak): its well-known documents lie below it.
            Err(_) if !path.contains("/.well-known/") => {}
            Err(finding) => return Err(finding),
        }
    }
    match get(&format!("{issuer}/.well-known/openid-configuration")).await {
        Ok(keys) if member(&keys.text, "jwks_uri").is_some() => follow(keys).await,
        _ => get(&format!("{issuer}/.well-known/jwks.json")).await,
    }
}

/// A discovery document names the key set.
async fn follow(keys: Keys) -> Result<Keys, Finding> {
    match member(&keys.text, "jwks_uri") {
        Some(uri) => {
            admit(&uri)?;
            get(&uri).await
        }
        None => Ok(keys),
    }
}

fn member(text: &str, name: &str) -> Option<String> {
    let value = js_sys::JSON::parse(text).ok().filter(JsValue::is_object)?;
    Reflect::get(&value, &name.into()).ok()?.as_string()
}

/// Parsed before the request is made, so that nothing in there can throw: absolute, https (http on this machine), no password in it.
fn admit(address: &str) -> Result<web_sys::Url, Finding> {
    let fix = "Pass the issuer's address of its keys, such as https://<issuer>/.well-known/jwks.json, or the key set itself";
    let url = web_sys::Url::new(address).map_err(|_| Finding::bad("jwks_url_invalid", format!("{} is not an absolute URL.", quoted(address)), fix))?;
    let host = url.hostname();
    let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost");
    let secure = url.protocol() == "https:" || (url.protocol() == "http:" && local);
    if !secure || !url.username().is_empty() || !url.password().is_empty() {
        return Err(Finding::bad("jwks_url_insecure", format!("keys are not fetched from {}: https only (http on localhost), and no user name in the address.", quoted(&url.origin())), fix));
    }
    Ok(url)
}

/// Without query: that may hold something that is nobody else's.
fn shown(address: &str) -> String {
    quoted(address.split(['?', '#']).next().unwrap_or_default())
}

fn unreachable(address: &str) -> Finding {
    Finding::bad(
        "jwks_unreachable",
        format!("{} gave no answer that a page may read.", shown(address)),
        "Open it in a tab: if it shows keys there, its server sends no CORS header, it redirects, or this page's Content Security Policy lacks it in connect-src; pass the key set itself instead",
    )
}

async fn get(address: &str) -> Result<Keys, Finding> {
    let request: web_sys::Request = Request::get(address)
        .header("accept", "application/json")
        .credentials(web_sys::RequestCredentials::Omit)
        .referrer_policy(web_sys::ReferrerPolicy::NoReferrer)
        // To anywhere: a page may be sent from https to plain http.
        .redirect(web_sys::RequestRedirect::Error)
        // Keys rotate; an old copy would accuse a good token.
        .cache(web_sys::RequestCache::NoCache)
        .build()
        .map_err(|_| unreachable(address))?
        .into();
    let answer = settle(address, fetch(&request)).await?;
    if !answer.is_object() {
        return Err(unreachable(address));
    }
    let response = Response::from(answer.unchecked_into::<web_sys::Response>());
    if !response.ok() {
        let message = format!("{} answers with status {}.", shown(address), response.status());
        return Err(Finding::bad("jwks_status", message, "Look for the issuer's `jwks_uri` in <issuer>/.well-known/openid-configuration"));
    }
    // Its own `text` panics where its `send` does.
    let body = web_sys::Response::from(response).text().map(JsValue::from);
    let text = settle(address, body).await?.as_string().unwrap_or_default();
    if text.len() > MAX {
        return Err(Finding::bad("jwks_invalid", format!("{} answers with {} bytes: that is no key set.", shown(address), text.len()), "Look for the issuer's `jwks_uri` in <issuer>/.well-known/openid-configuration"));
    }
    Ok(Keys { text, from: address.to_owned() })
}

/// Waits for whatever the page's functions gave back, of whatever type, for a while.
async fn settle(address: &str, given: Result<JsValue, JsValue>) -> Result<JsValue, Finding> {
    let promise = Promise::resolve(&given.map_err(|_| unreachable(address))?);
    let late = Rc::new(Cell::new(false));
    let mut timer = None;
    let clock = Promise::new(&mut |resolve, _| {
        let late = late.clone();
        timer = Some(Timeout::new(PATIENCE_MS, move || {
            late.set(true);
            // A resolver does not throw.
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }));
    });
    let settled = JsFuture::from(Promise::race(&Array::of2(&promise, &clock))).await;
    // Dropping it clears the timeout.
    drop(timer);
    if late.get() {
        return Err(Finding::bad("jwks_timeout", format!("{} did not answer within {} s.", shown(address), PATIENCE_MS / 1_000), "Try again; if it stays, pass the key set itself"));
    }
    settled.map_err(|_| unreachable(address))
}
