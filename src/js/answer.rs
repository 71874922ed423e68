//! What a provider answered, of whatever kind: a token, nobody, or something that is no token and is said so.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::auth::claims;
use crate::auth::flights::Answer;
use crate::core::error::Why;
use crate::core::payload::Payload;
use crate::core::time::UnixMillis;

/// A token as the browser holds it: the JavaScript string itself, never a copy that stays in linear memory.
#[derive(Clone)]
pub struct Token(pub JsValue);

impl Payload for Token {
    fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// Longer than any header a server takes; sending it could only fail.
const MAX: u32 = 64 * 1024;

fn field(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Reads `string | null | undefined | '' | { token, expiresAt? }`.
pub fn read(value: &JsValue) -> Answer<Token> {
    if let Some(text) = value.dyn_ref::<JsString>() {
        return token(text, None);
    }
    if value.is_object() {
        let inner = field(value, "token");
        return match inner.dyn_ref::<JsString>() {
            Some(text) => token(text, field(value, "expiresAt").as_f64().filter(|ms| *ms > 0.0).map(|ms| UnixMillis(ms as i64))),
            None if inner.is_null() => Answer::Nobody,
            None => Answer::Failed(Why::AnsweredObject),
        };
    }
    if value.is_null() || value.is_undefined() {
        return Answer::Nobody;
    }
    Answer::Failed(match (value.as_f64(), value.as_bool()) {
        (Some(_), _) => Why::AnsweredNumber,
        (_, Some(_)) => Why::AnsweredBoolean,
        _ => Why::AnsweredOther,
    })
}

fn token(text: &JsString, expires_at: Option<UnixMillis>) -> Answer<Token> {
    match text.length() {
        0 => return Answer::Nobody,
        n if n > MAX => return Answer::Failed(Why::AnsweredLong),
        _ => {}
    }
    let copy = String::from(text);
    // A header cannot carry these; fetch would throw on them, with the token in its message.
    if copy.bytes().any(|b| b <= b' ' || b >= 0x7f) {
        return Answer::Failed(Why::AnsweredUnsendable);
    }
    Answer::Token { claims: claims::read(&copy), value: Token(text.into()), expires_at }
}
