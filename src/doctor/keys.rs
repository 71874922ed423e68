//! The signature, against the issuer's published keys (RSA only: that is what jwt-compact is built with here, and what Clerk and Auth0 sign with).

use std::borrow::Cow;

use jwt_compact::alg::{Rsa, RsaPublicKey};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmSignature};
use serde_json::Value;

use super::{ANYWHERE, base64, bad_first, read, rules};
use crate::core::finding::{Expect, Facts, Finding, Maker, quoted};

/// Checks the signature of a token against a key set (JSON text), and its times. `from`: where the set was fetched.
/// Only `signature_ok` says that the signature is right; every other outcome is a finding that is not ok.
pub fn verify(token: &str, jwks: &str, from: Option<&str>, now: i64) -> Vec<Finding> {
    let read = match read::read(token) {
        Ok(read) => read,
        Err(said) => return said,
    };
    let expect = Expect::default();
    let facts = Facts { header: &read.header, claims: &read.claims, now, expect: &expect, size: read.token.len() };
    let mut said = read.wrapping.clone();
    match signature(&read, &facts, jwks, from) {
        Ok(finding) => {
            said.extend(finding);
            said.extend(rules::times(&facts, ANYWHERE));
        }
        Err(finding) => said.push(finding),
    }
    bad_first(said)
}

fn signature(read: &read::Read, facts: &Facts, jwks: &str, from: Option<&str>) -> Result<Vec<Finding>, Finding> {
    let algorithm = facts.head("alg").unwrap_or_default();
    let rsa: Rsa = algorithm.parse().map_err(|_| uncheckable(facts, algorithm))?;
    let (keys, private) = key_set(jwks)?;
    let mut said: Vec<Finding> = private.into_iter().collect();
    let candidates = choose(facts, &keys, from)?;
    let signature = read.signature.as_deref().unwrap_or_default();
    let signed = read.token.rsplit_once('.').map_or("", |(signed, _)| signed);
    let signature = <Rsa as Algorithm>::Signature::try_from_slice(signature).map_err(|_| mismatch(facts, from))?;
    let mut refused = None;
    for key in candidates {
        match public(key, algorithm) {
            Ok(public) if rsa.verify_signature(&signature, &public, signed.as_bytes()) => {
                let name = facts.head("kid").map_or_else(|| "the only key that fits".to_owned(), |kid| format!("the key {}", quoted(kid)));
                said.push(Finding::good("signature_ok", format!("the signature is right: {algorithm}, {name}.")));
                return Ok(said);
            }
            Ok(_) => {}
            Err(finding) => refused = refused.or(Some(finding)),
        }
    }
    Err(refused.unwrap_or_else(|| mismatch(facts, from)))
}

fn uncheckable(facts: &Facts, algorithm: &str) -> Finding {
    match algorithm {
        "" => Finding::bad("alg_missing", "the header has no alg.", "Have your identity provider sign with RS256"),
        "HS256" | "HS384" | "HS512" => {
            let fix = if facts.maker() == Maker::ClerkTemplate { "Clerk dashboard > JWT templates > this template: turn Custom signing key off, so that it is signed with RS256" } else { "Have your identity provider sign with RS256" };
            Finding::bad("alg_symmetric", format!("the token is signed with a shared secret ({algorithm}): no published key can check it."), fix)
        }
        _ if algorithm.eq_ignore_ascii_case("none") => Finding::bad("alg_none", "the token is not signed (alg none).", "Have your identity provider sign with RS256"),
        _ => Finding::bad("alg_unchecked", format!("the signature was not checked: it is made with {}, and only RS256, RS384, RS512 and PS256, PS384, PS512 are checked here.", quoted(algorithm)), "Nothing to change if your backend verifies that algorithm"),
    }
}

/// The keys of a set, or of a single key; and a warning where it gives away more than it should.
fn key_set(jwks: &str) -> Result<(Vec<Value>, Option<Finding>), Finding> {
    let invalid = |what: &str| Finding::bad("jwks_invalid", format!("this is no key set: {what}."), "A JWKS is { \"keys\": [ ... ] }; Clerk and Auth0 publish theirs at <issuer>/.well-known/jwks.json");
    let mut value: Value = serde_json::from_str(jwks).map_err(|_| invalid("it is not JSON"))?;
    let single = value.get("kty").is_some();
    let keys = match value.get_mut("keys") {
        Some(Value::Array(keys)) => core::mem::take(keys),
        Some(_) => return Err(invalid("`keys` is not a list")),
        None if single => vec![value],
        None => return Err(invalid("it has no `keys`")),
    };
    if keys.is_empty() {
        return Err(Finding::bad("jwks_empty", "the key set is empty.", "The issuer has no signing key: look at its dashboard"));
    }
    let leaked = keys.iter().any(|key| key.get("d").is_some() || key.get("k").is_some());
    let leak = || Finding::bad("jwks_private", "the key set holds a private key: whoever reads it can sign tokens.", "Publish the public half only (kty, kid, n, e), and replace the key now");
    Ok((keys, leaked.then(leak)))
}

fn field<'a>(key: &'a Value, name: &str) -> Option<&'a str> {
    key.get(name).and_then(Value::as_str)
}

fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |n| n + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |n| n + start);
    url.get(..end).unwrap_or(url)
}

/// Keys of another issuer explain both an unknown kid and a signature that does not match.
fn elsewhere(facts: &Facts, from: Option<&str>) -> Option<String> {
    let (iss, from) = (facts.text("iss")?, from?);
    (origin(iss) != origin(from)).then(|| format!("The token is of {}, the keys are of {}: use {}", quoted(iss), quoted(origin(from)), quoted(&format!("{}/.well-known/jwks.json", iss.trim_end_matches('/')))))
}

fn choose<'a>(facts: &Facts, keys: &'a [Value], from: Option<&str>) -> Result<Vec<&'a Value>, Finding> {
    let Some(kid) = facts.head("kid") else {
        return Ok(keys.iter().filter(|key| field(key, "kty") == Some("RSA") && field(key, "use") != Some("enc")).collect());
    };
    let named: Vec<&Value> = keys.iter().filter(|key| field(key, "kid") == Some(kid)).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let names: Vec<String> = keys.iter().filter_map(|key| field(key, "kid")).take(4).map(quoted).collect();
    let message = format!("no key of the set has the token's kid {}; it has {} ({}).", quoted(kid), keys.len(), if names.is_empty() { "without names".to_owned() } else { names.join(", ") });
    let fix = elsewhere(facts, from).unwrap_or_else(|| "The key was rotated, or the template has a custom signing key: refresh the token, and use the JWKS of the very instance that made it".to_owned());
    Err(Finding::bad("kid_unknown", message, fix))
}

/// The key, from the three fields that matter: whatever else is in there (certificates, vendors' own fields) cannot make it unreadable.
fn public(key: &Value, algorithm: &str) -> Result<RsaPublicKey, Finding> {
    let broken = |what: &str| Finding::bad("key_invalid", format!("the key cannot be used: {what}."), "Look at what the issuer publishes; an RSA key has kty, kid, n and e");
    match field(key, "kty") {
        Some("RSA") => {}
        Some(other) => return Err(Finding::bad("key_type", format!("the token says {algorithm}, and the key with its kid is of type {}.", quoted(other)), "Two keys share a kid, or the header was changed: look at what the issuer publishes")),
        None => return Err(broken("it has no kty")),
    }
    if let Some(own) = field(key, "alg").filter(|own| *own != algorithm) {
        return Err(Finding::bad("key_alg", format!("the token says {algorithm}, and its key is for {}.", quoted(own)), "The issuer must sign with the algorithm that it publishes for the key"));
    }
    if field(key, "use") == Some("enc") {
        return Err(broken("it is published for encryption (use: enc)"));
    }
    let number = |name| field(key, name).and_then(base64::decode).map(|decoded| decoded.bytes);
    let (Some(modulus), Some(exponent)) = (number("n"), number("e")) else { return Err(broken("n or e is missing, or not base64url")) };
    let bytes = modulus.iter().skip_while(|byte| **byte == 0).count();
    if !(256..=512).contains(&bytes) {
        return Err(Finding::bad("key_size", format!("the key has {} bits; RS256 needs 2048 at least, and more than 4096 is not read here.", bytes * 8), "Give the issuer a key of 2048 to 4096 bits"));
    }
    if modulus.last().is_none_or(|byte| byte % 2 == 0) {
        return Err(broken("its modulus is even"));
    }
    let jwk = JsonWebKey::Rsa { modulus: Cow::Owned(modulus), public_exponent: Cow::Owned(exponent), private_parts: None };
    RsaPublicKey::try_from(&jwk).map_err(|_| broken("n and e are no RSA key"))
}

fn mismatch(facts: &Facts, from: Option<&str>) -> Finding {
    let fix = elsewhere(facts, from).unwrap_or_else(|| "The token was changed on its way, or another key with the same kid signed it: use the JWKS of the very instance that made it".to_owned());
    Finding::bad("signature_mismatch", "the signature does not match.", fix)
}
