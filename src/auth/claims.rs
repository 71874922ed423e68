//! What a token says about itself, read tolerantly: a provider sends what it sends, and a token that cannot be read is *opaque*, never an error.
//!
//! Nothing is verified here: the backend does that, and a client never needs to before it sends its own token.

use crate::core::base64;
use crate::core::json::Raw;
use crate::core::text::Mark;
use crate::core::time::UnixMillis;

/// The claims that decide something. Times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `exp`: numeric, or a number in a string (some issuers write one).
    pub expires: Option<UnixMillis>,
    /// `iat`.
    pub issued: Option<UnixMillis>,
    /// `sub`, to compare with.
    pub subject: Option<Mark>,
    /// `sid`, likewise.
    pub session: Option<Mark>,
    /// `org_id`, or `o.id` as Clerk's session tokens have it, likewise.
    pub org: Option<Mark>,
    /// There is an `exp`, and it is no plausible number of seconds: milliseconds by mistake, or nonsense.
    pub odd: bool,
}

/// Larger than this is no token of ours; reading it would cost more than it tells.
const MAX: usize = 64 * 1024;
/// Seconds of the year 5138. A larger `exp` is in milliseconds or nonsense; neither is taken silently for seconds (H4).
const MAX_SECONDS: f64 = 1e11;

/// Reads a compact JWT. `None`: opaque (no JWT, five parts, not base64, not JSON, too long).
pub fn read(token: &str) -> Option<Claims> {
    if token.len() > MAX {
        return None;
    }
    let mut dots = token.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
    let ((first, _), (second, _)) = (dots.next()?, dots.next()?);
    if dots.next().is_some() {
        return None;
    }
    let text = String::from_utf8(base64::decode(token.get(first + 1..second)?)?).ok()?;
    // Cut short, its last number may be a part of one.
    if !Raw(&text).is_object() || text.bytes().rev().find(|b| *b > b' ') != Some(b'}') {
        return None;
    }
    let mut claims = Claims::default();
    Raw(&text).each(|name, value| {
        // The last of two equal names wins, as it does for JSON.parse and most servers.
        match name {
            "exp" => {
                claims.expires = instant(value);
                claims.odd = claims.expires.is_none() && value.0 != "null";
            }
            "iat" => claims.issued = instant(value),
            "sub" => claims.subject = mark(value),
            "sid" => claims.session = mark(value),
            "org_id" => claims.org = mark(value),
            "o" => value.each(|name, value| {
                if name == "id" {
                    claims.org = mark(value);
                }
                true
            }),
            _ => {}
        }
        true
    });
    Some(claims)
}

fn mark(value: Raw) -> Option<Mark> {
    value.text().map(|s| Mark::of(&s))
}

fn instant(value: Raw) -> Option<UnixMillis> {
    let seconds = value.number().or_else(|| Raw(&value.text()?).number())?;
    (seconds.abs() < MAX_SECONDS).then(|| UnixMillis(seconds as i64 * 1000))
}
