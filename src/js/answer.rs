//! What a provider answered, as far as it is a text: a token, or something that is no token and is said so.

use wasm_bindgen::JsValue;

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
const MAX: usize = 64 * 1024;

/// Reads a token, given as the string that is kept and a copy to look at. `expires_at` is the provider's own word; 0 without one.
pub fn read(value: JsValue, copy: &str, expires_at: f64) -> Answer<Token> {
    if copy.is_empty() {
        return Answer::Nobody;
    }
    if copy.len() > MAX {
        return Answer::Failed(Why::AnsweredLong);
    }
    // A header cannot carry these; fetch would throw on them, with the token in its message.
    if copy.bytes().any(|b| b <= b' ' || b >= 0x7f) {
        return Answer::Failed(Why::AnsweredUnsendable);
    }
    Answer::Token { claims: claims::read(copy), value: Token(value), expires_at: (expires_at > 0.0).then_some(UnixMillis(expires_at as i64)) }
}
