//! Tokens to order.

use countersign::core::finding::{Expect, Finding};
use countersign::doctor;
use jwt_compact::alg::{Rsa, RsaPrivateKey};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmSignature};
use serde_json::{Value, json};

/// The moment at which every test looks, in seconds.
pub const NOW: i64 = 1_800_000_000;
pub const CLERK: &str = "https://verb-noun-00.clerk.accounts.dev";
pub const AUTH0: &str = "https://tenant.eu.auth0.com/";
pub const FAUNA: &str = "https://db.fauna.com/db/yxxeeaaqcydyy";
/// In no finding, ever.
pub const SECRET: &str = "gertrude@example.com";

pub fn keys() -> Value {
    serde_json::from_str(include_str!("keys.json")).unwrap()
}

/// The public halves: `k1` signs, `k2` is another.
pub fn jwks() -> Value {
    let keys = keys();
    let public = |key: &Value, kid: &str| json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": key["n"], "e": key["e"], "x5c": ["ignored"] });
    json!({ "keys": [public(&keys["other"], "k2"), public(&keys["signing"], "k1")] })
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(bits >> (18 - 6 * n)) as usize & 63]));
        }
    }
    out
}

/// Any two texts, with a signature of the right length that nobody made.
pub fn raw(header: &str, claims: &str) -> String {
    format!("{}.{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()), base64(&[7; 256]))
}

pub fn unsigned(header: &Value, claims: &Value) -> String {
    raw(&header.to_string(), &claims.to_string())
}

pub fn signed(header: &Value, claims: &Value) -> String {
    let jwk: JsonWebKey<'_> = serde_json::from_value(keys()["signing"].clone()).unwrap();
    let key = RsaPrivateKey::try_from(&jwk).unwrap();
    let rsa: Rsa = header["alg"].as_str().unwrap().parse().unwrap();
    let text = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    format!("{text}.{}", base64(&rsa.sign(&key, text.as_bytes()).as_bytes()))
}

pub fn rs256() -> Value {
    json!({ "alg": "RS256", "kid": "k1", "typ": "JWT" })
}

/// What every Clerk template has.
pub fn clerk() -> Value {
    json!({ "iss": CLERK, "sub": "user_alice", "azp": "http://localhost:3000", "jti": "j", "iat": NOW - 5, "nbf": NOW - 15, "exp": NOW + 55, "x-secret": SECRET })
}

/// A token in order for each backend.
pub fn in_order(backend: &str) -> Value {
    let extra = match backend {
        "fauna" => json!({ "aud": FAUNA }),
        "hasura" => json!({ "https://hasura.io/jwt/claims": { "x-hasura-allowed-roles": ["user", "editor"], "x-hasura-default-role": "user", "x-hasura-user-id": SECRET } }),
        "convex" => json!({ "aud": "convex", "email": SECRET }),
        "instant" => json!({ "sid": "sess_1", "v": 2, "sts": "active", "email": SECRET, "email_verified": true }),
        _ => json!({}),
    };
    with(&clerk(), &extra)
}

/// Sets members; `null` removes one.
pub fn with(base: &Value, change: &Value) -> Value {
    let mut out = base.clone();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            out.as_object_mut().unwrap().remove(name);
        } else {
            out[name] = value.clone();
        }
    }
    out
}

pub fn expect(issuer: Option<&str>, audience: Option<&str>) -> Expect {
    Expect { issuer: issuer.map(str::to_owned), audience: audience.map(str::to_owned) }
}

/// Lints, and checks what holds for all findings.
pub fn lint(token: &str, backend: Option<&str>, expect: &Expect) -> Vec<Finding> {
    let said = doctor::lint(token, backend.map(|name| doctor::named(name).unwrap()), expect, NOW * 1_000);
    check(token, &said);
    said
}

/// Something is always said, and never the token or what is private in it.
pub fn check(token: &str, said: &[Finding]) {
    assert!(!said.is_empty());
    for finding in said {
        let text = serde_json::to_string(finding).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        for part in token.split('.').filter(|part| part.len() > 12 && !part.contains(' ')) {
            assert!(!text.contains(part), "{text}");
        }
        assert!(finding.ok || finding.fix.as_ref().is_some_and(|fix| !fix.is_empty()), "{text}");
        assert!(finding.code == "ok" || finding.message.ends_with('.'), "{text}");
        assert!(!finding.fix.as_ref().is_some_and(|fix| fix.ends_with('.')), "{text}");
    }
    assert!(said.is_sorted_by_key(|finding| finding.ok), "what must be changed comes first");
}

pub fn codes(said: &[Finding]) -> Vec<&str> {
    said.iter().map(|finding| finding.code).collect()
}
