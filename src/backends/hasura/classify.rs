//! Hasura answers HTTP 200 to a refused token: the body says so, in `errors`, with no `data` beside it (engine v2 source).

use crate::core::http::{Head, Reading, Verdict};
use crate::core::json::Raw;
use crate::core::text::contains;
use crate::core::time::DurationMs;

/// How long to wait for a server whose clock is behind that of the issuer. A token that was just minted has `iat` in the current second,
/// so the rule `min(2 s, iat - now + 1)` would say one second at most; what the server lacks besides, no clock here can tell. This is
/// more than that rule gives to any token whose issuer is not half a second ahead of this device, and it needs no look into the token.
const CLOCK: DurationMs = DurationMs(1_500);

/// Reads the first error. `{"data"` is released at once; what begins as a failure is read to its end.
pub fn classify(head: &Head) -> Reading {
    if !head.read {
        return Reading::More;
    }
    let unclear = if head.complete { Reading::Decided(Verdict::Ok) } else { Reading::More };
    let whole = Raw(head.text);
    let mut first = None;
    whole.each(|name, _| {
        first = Some(name);
        false
    });
    match first {
        Some("errors" | "error" | "code" | "path" | "extensions" | "message" | "internal") => {}
        None if head.text.bytes().all(|b| b <= b' ') || whole.is_object() => return unclear,
        // `data` first, a batch (a refused one is a single object), or no JSON at all.
        _ => return Reading::Decided(Verdict::Ok),
    }
    if !head.complete {
        return Reading::More;
    }
    // Beside `data`, null or not, errors are of the execution: a remote schema may say these words after a mutation has run, and that is
    // not sent again. The end must have been seen to know.
    if !whole.is_whole() || whole.get(&["data"]).is_some() {
        return Reading::Decided(Verdict::Ok);
    }
    let (code, message) = match whole.get(&["errors", "0"]) {
        Some(error) => (error.get(&["extensions", "code"]), error.get(&["message"])),
        // Engines before v2, and /v1alpha1: { path, error, code }.
        None => (whole.get(&["code"]), whole.get(&["error"])),
    };
    match (code.and_then(Raw::text), message.and_then(Raw::text)) {
        (Some(code), Some(message)) => Reading::Decided(verdict(&code, &message)),
        _ => Reading::Decided(Verdict::Ok),
    }
}

/// The table of the engine's texts. The part after `Could not verify JWT: ` is a library's word, hence substrings and never equality.
fn verdict(code: &str, message: &str) -> Verdict {
    let says = |words: &[&str]| words.iter().any(|word| contains(message, word));
    match code {
        // A rotated key looks like a bad signature until the provider signs with the new one.
        "invalid-jwt" if says(&["JWTExpired", "JWSInvalidSignature", "NoUsableKeys"]) => Verdict::Refresh,
        "invalid-jwt" if says(&["JWTNotYetValid", "JWTIssuedAtFuture"]) => Verdict::Wait(CLOCK),
        "invalid-jwt" | "invalid-headers" | "jwt-invalid-claims" | "jwt-missing-role-claims" => Verdict::Fail,
        // A role that is not allowed, a row that is not: the token itself was accepted.
        _ => Verdict::Ok,
    }
}
