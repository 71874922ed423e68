//! From text to facts. jwt-compact is the judge of what is well formed; a token that it refuses gets a second, tolerant look that says what is odd about it.

use jwt_compact::{Empty, ParseError, UntrustedToken};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::base64;
use crate::core::finding::{Finding, quoted};

/// A token that could be read.
pub struct Read<'a> {
    /// The token without what was around it.
    pub token: &'a str,
    /// The header.
    pub header: Map<String, Value>,
    /// The payload.
    pub claims: Map<String, Value>,
    /// The signature's bytes; none where they could not be read.
    pub signature: Option<Vec<u8>>,
    /// What must not be around or in it: to be said first.
    pub wrapping: Vec<Finding>,
    /// Spelling that strict verifiers refuse: to be said after what is more likely the cause.
    pub spelling: Vec<Finding>,
}

/// Larger than this is no token; reading it would cost more than it tells.
const MAX: usize = 64 * 1024;
const BARE: &str = "Return the bare token from getToken, as the provider gave it";

/// Reads a token, or says why it is none.
///
/// # Errors
/// The findings to show.
pub fn read(given: &str) -> Result<Read<'_>, Vec<Finding>> {
    let (token, mut wrapping) = unwrap(given);
    let refuse = |mut said: Vec<Finding>, last: Finding| {
        said.push(last);
        Err(said)
    };
    if token.is_empty() {
        return refuse(wrapping, Finding::bad("token_empty", "there is no token.", "Is somebody signed in, and does the provider know this template?"));
    }
    if token.len() > MAX {
        return refuse(wrapping, Finding::bad("token_too_long", format!("the token has {} bytes; nothing of that size fits into a header.", token.len()), BARE));
    }
    let parts: Vec<&str> = token.splitn(6, '.').collect();
    let (header, payload, signature) = match parts.as_slice() {
        [header, payload, signature] => (*header, *payload, *signature),
        [header, _, _, _, _] => return refuse(wrapping, encrypted(header)),
        [first] | [first, _] if first.starts_with("ey") => return refuse(wrapping, truncated("it has no signature")),
        _ => return refuse(wrapping, opaque(token)),
    };
    let mut spelling = Vec::new();
    let header = match object(header, "header", &mut spelling) {
        Ok(object) => object,
        // Three words with dots between them are no JWT at all.
        Err(_) if !token.starts_with("ey") => return refuse(wrapping, opaque(token)),
        Err(finding) => return refuse(wrapping, finding),
    };
    let claims = match object(payload, "payload", &mut spelling) {
        Ok(object) => object,
        Err(finding) => return refuse(wrapping, finding),
    };
    let signature = base64::decode(signature).map(|decoded| {
        spelling.extend(decoded.odd.map(|odd| misspelt("signature", odd)));
        decoded.bytes
    });
    wrapping.extend(cut(&header, signature.as_deref()));
    if spelling.is_empty() {
        spelling.extend(judge(token, &header, &claims));
    }
    Ok(Read { token, header, claims, signature, wrapping, spelling })
}

fn unwrap(given: &str) -> (&str, Vec<Finding>) {
    let mut said = Vec::new();
    let mut token = given.trim();
    if token.len() != given.len() {
        said.push(Finding::bad("token_whitespace", "there is white space around the token.", BARE));
    }
    if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        said.push(Finding::bad("token_bearer", "the token begins with \"Bearer \", which is added once more when it is sent.", BARE));
        token = token.get(7..).unwrap_or_default().trim();
    }
    if let Some(inner) = token.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        said.push(Finding::bad("token_quoted", "the token is in quotation marks: it was made with JSON.stringify, or read from a store that does so.", BARE));
        token = inner;
    }
    (token, said)
}

fn truncated(how: &str) -> Finding {
    Finding::bad("token_truncated", format!("the token is cut off: {how}."), "Look where it was stored or copied: a cookie or a column with a limit, a log, a terminal")
}

/// Five parts. Auth0 names itself in the header of the ones it makes when no audience is asked for.
fn encrypted(header: &str) -> Finding {
    let header = object(header, "header", &mut Vec::new()).unwrap_or_default();
    let auth0 = header.get("iss").and_then(Value::as_str).is_some_and(|iss| iss.ends_with('/'));
    let fix = if auth0 || header.get("alg").and_then(Value::as_str) == Some("dir") {
        "Auth0 makes such a token when no audience is asked for: templates: { name: { audience: '<the API identifier>' } }, or { idToken: true } where a backend wants the ID token"
    } else {
        "Turn token encryption off at the provider, or ask for a signed token (an audience, a template)"
    };
    Finding::bad("token_encrypted", "the token is encrypted (a JWE, five parts): only its issuer can read it.", fix)
}

/// No JWT. What it is instead is often plain from its beginning, which is not shown.
fn opaque(token: &str) -> Finding {
    let is = |message: &str, fix: &str| Finding::bad("token_opaque", message, fix);
    if matches!(token, "undefined" | "null" | "NaN" | "true" | "false" | "[object Object]" | "[object Promise]") {
        return Finding::bad("token_placeholder", format!("the token is the word {}.", quoted(token)), "getToken put something that is no text into one: await the provider's promise, and return null when nobody is signed in");
    }
    if token.starts_with("sk_live_") || token.starts_with("sk_test_") {
        return Finding::bad("token_secret_key", "this is a Clerk secret key, not a token, and it is in a browser.", "Roll it now: Clerk dashboard > API keys; then return getToken({ template }) of the session");
    }
    if token.starts_with("pk_live_") || token.starts_with("pk_test_") {
        return is("this is a Clerk publishable key, not a token.", "Return getToken({ template }) of the session");
    }
    let uuid = token.len() == 36 && token.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if uuid {
        return is("this is a UUID, as Instant's own session tokens are, and not a JWT.", "Return the identity provider's token; Instant's is kept by its client");
    }
    if token.starts_with("fn") && !token.contains('.') {
        return is("this looks like a Fauna secret, not a JWT.", "A secret needs no session: new Client({ secret, endpoint })");
    }
    is("the token is opaque: no JWT, so only its issuer can say what it means.", "Auth0 makes such a token when no audience is asked for: templates: { name: { audience: '<the API identifier>' } }; elsewhere, ask for a JWT access token or the ID token")
}

fn misspelt(part: &str, odd: &str) -> Finding {
    Finding::bad("token_spelling", format!("the {part} of the token is written with {odd}; strict verifiers refuse it."), "Have the issuer write base64url without padding (RFC 7515), and look for code of yours that re-encodes tokens")
}

/// An object, and whether a name was in it twice: servers differ in which of the two they believe.
struct Object {
    map: Map<String, Value>,
    twice: bool,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Object;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Object, A::Error> {
                let mut object = Object { map: Map::new(), twice: false };
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if name.len() > MAX {
                        return Err(A::Error::custom(""));
                    }
                    object.twice |= object.map.insert(name, value).is_some();
                }
                Ok(object)
            }
        }
        from.deserialize_map(Reader)
    }
}

fn object(part: &str, name: &'static str, spelling: &mut Vec<Finding>) -> Result<Map<String, Value>, Finding> {
    let fix = "This is not a token that the issuer made; look for code that changes it on its way";
    let Some(decoded) = base64::decode(part) else {
        return Err(Finding::bad("token_not_base64", format!("the {name} of the token is not base64url, or cut off."), fix));
    };
    match serde_json::from_slice::<Object>(&decoded.bytes) {
        Ok(object) => {
            spelling.extend(decoded.odd.map(|odd| misspelt(name, odd)));
            if object.twice {
                spelling.push(Finding::bad("token_duplicate", format!("the {name} has a name twice; servers differ in which one they believe."), "Have the issuer write each claim once"));
            }
            Ok(object.map)
        }
        // The error's own words may quote the input.
        Err(error) if error.is_eof() => Err(truncated(&format!("its {name} ends in the middle"))),
        Err(error) if error.is_data() => Err(Finding::bad("token_not_object", format!("the {name} of the token is JSON, but not an object."), fix)),
        Err(_) => Err(Finding::bad("token_not_json", format!("the {name} of the token is not JSON."), fix)),
    }
}

/// A signature that is too short for its algorithm.
fn cut(header: &Map<String, Value>, signature: Option<&[u8]>) -> Option<Finding> {
    let algorithm = header.get("alg").and_then(Value::as_str)?;
    let least = match algorithm {
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => 128,
        "ES256" | "EdDSA" => 64,
        "ES384" => 96,
        "ES512" => 132,
        "HS256" => 32,
        "HS384" => 48,
        "HS512" => 64,
        _ => return None,
    };
    match signature {
        None => Some(truncated("its signature is not base64url")),
        Some([]) => Some(truncated("its signature is empty")),
        Some(bytes) if bytes.len() < least => Some(truncated(&format!("its signature has {} bytes, fewer than {algorithm} ever has", bytes.len()))),
        Some(_) => None,
    }
}

/// What jwt-compact, a strict reader, thinks of a token that the tolerant one could read.
fn judge(token: &str, header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<Finding> {
    let unusual = |what: &str| Finding::bad("token_unusual", format!("a strict reader refuses the token: {what}."), "Compare its header and claims with RFC 7519; texts, numbers and lists must have the types given there");
    match UntrustedToken::new(token) {
        Ok(strict) => match strict.deserialize_claims_unchecked::<Empty>() {
            Ok(_) => None,
            // Times of the wrong type have their own findings.
            Err(_) if ["exp", "nbf", "iat"].iter().any(|name| claims.get(*name).is_some_and(|value| !value.is_number())) => None,
            Err(_) => Some(unusual("a time in it is out of range")),
        },
        Err(ParseError::UnsupportedContentType(_)) => Some(unusual("its header has a cty, which says that there is a token inside the token")),
        // A missing alg has its own finding.
        Err(_) if !header.get("alg").is_some_and(Value::is_string) => None,
        Err(ParseError::MalformedHeader(_)) => Some(unusual("a field of its header (kid, typ, jku, x5t) has the wrong type")),
        Err(_) => Some(unusual("its parts are not written as the standard says")),
    }
}
