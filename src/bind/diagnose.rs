//! The doctor, for `pkg/src/diagnose.ts`. Answers are arrays of plain `{ ok, code, message, fix? }`.

use js_sys::{Array, Date, JSON, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::core::finding::{Expect, Finding};
use crate::doctor;
use crate::js::jwks;

fn field(of: &JsValue, name: &str) -> JsValue {
    if of.is_object() { Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED) } else { JsValue::UNDEFINED }
}

fn invalid(words: &str) -> JsValue {
    // The same pair that the session throws: the facade makes a CountersignError of it.
    Array::of2(&"option_invalid".into(), &words.into()).into()
}

/// A text, nothing, or an error that names the option.
fn text(of: &JsValue, name: &str, words: &str) -> Result<Option<String>, JsValue> {
    let value = field(of, name);
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    value.as_string().map(Some).ok_or_else(|| invalid(words))
}

fn answer(said: &[Finding]) -> Result<JsValue, JsValue> {
    Ok(said.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}

fn now() -> i64 {
    Date::now() as i64
}

/// What a provider put in the place of a token is the doctor's subject too.
fn token_text(token: &JsValue) -> String {
    match token.as_string() {
        Some(text) => text,
        None if token.is_undefined() || token.is_null() => String::new(),
        None => "[object Object]".to_owned(),
    }
}

/// Findings about a token. `options`: `{ backend?, expect?: { issuer?, audience? } }`. Throws `[code, message]`.
#[wasm_bindgen]
pub fn lint(token: &JsValue, options: &JsValue) -> Result<JsValue, JsValue> {
    let backend = match text(options, "backend", "`backend` must be a text")? {
        None => None,
        Some(name) => Some(doctor::named(&name).ok_or_else(|| invalid("`backend` must be 'fauna', 'hasura', 'instant' or 'convex'"))?),
    };
    let expected = field(options, "expect");
    let expect = Expect {
        issuer: text(&expected, "issuer", "`expect.issuer` must be a text")?,
        audience: text(&expected, "audience", "`expect.audience` must be a text")?,
    };
    answer(&doctor::lint(&token_text(token), backend, &expect, now()))
}

/// Findings about a token's signature. `jwks`: the address of a key set, of a discovery document or of the issuer; or the key set itself.
/// Rejects with `[code, message]`.
#[wasm_bindgen]
pub async fn verify(token: JsValue, jwks: JsValue) -> Result<JsValue, JsValue> {
    let token = token_text(&token);
    if let Some(address) = jwks.as_string() {
        return match jwks::load(&address).await {
            Ok(keys) => answer(&doctor::verify(&token, &keys.text, Some(&keys.from), now())),
            Err(finding) => answer(&[finding]),
        };
    }
    let set = if jwks.is_object() { JSON::stringify(&jwks).ok().and_then(|json| json.as_string()) } else { None };
    let set = set.ok_or_else(|| invalid("`jwks` must be the URL of a key set, or a key set: { keys: [ ... ] }"))?;
    answer(&doctor::verify(&token, &set, None, now()))
}
