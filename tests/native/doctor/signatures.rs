//! `verify`: key choice and RSA signatures.

use countersign::core::finding::Finding;
use countersign::doctor;
use serde_json::{Value, json};

use crate::tokens::*;

fn verify(token: &str, jwks: &Value, from: Option<&str>) -> Vec<Finding> {
    let said = doctor::verify(token, &jwks.to_string(), from, NOW * 1_000);
    check(token, &said);
    said
}

fn only(token: &str, jwks: &Value) -> String {
    codes(&verify(token, jwks, None)).join(" ")
}

#[test]
fn every_rsa_algorithm() {
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let mut jwks = jwks();
        jwks["keys"][1]["alg"] = json!(alg);
        let token = signed(&json!({ "alg": alg, "kid": "k1" }), &clerk());
        assert_eq!(only(&token, &jwks), "signature_ok", "{alg}");
    }
}

#[test]
fn a_changed_token() {
    let token = signed(&rs256(), &clerk());
    let parts: Vec<&str> = token.split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], base64(with(&clerk(), &json!({ "sub": "user_bob" })).to_string().as_bytes()), parts[2]);
    assert_eq!(only(&forged, &jwks()), "signature_mismatch");
    assert_eq!(only(&unsigned(&rs256(), &clerk()), &jwks()), "signature_mismatch");
    assert_eq!(only(&signed(&with(&rs256(), &json!({ "kid": "k2" })), &clerk()), &jwks()), "signature_mismatch");
}

#[test]
fn signed_right_but_not_valid_now() {
    let said = only(&signed(&rs256(), &with(&clerk(), &json!({ "exp": NOW - 1 }))), &jwks());
    assert_eq!(said, "expired signature_ok");
}

#[test]
fn tokens_that_jwt_compact_refuses_are_checked_all_the_same() {
    let token = signed(&rs256(), &with(&clerk(), &json!({ "exp": (NOW + 60).to_string() })));
    assert_eq!(only(&token, &jwks()), "exp_type signature_ok");
    assert_eq!(only(&format!("Bearer {}", signed(&rs256(), &clerk())), &jwks()), "token_bearer signature_ok");
}

#[test]
fn key_choice() {
    let bare = with(&rs256(), &json!({ "kid": null }));
    assert_eq!(only(&signed(&bare, &clerk()), &jwks()), "signature_ok", "every RSA key is tried");
    let token = signed(&rs256(), &clerk());
    let key = |change: Value| json!({ "keys": [with(&jwks()["keys"][1], &change)] });
    for (jwks, code) in [
        (json!({ "keys": [jwks()["keys"][0]] }), "kid_unknown"),
        (jwks()["keys"][1].clone(), "signature_ok"),
        (key(json!({ "alg": null, "use": null })), "signature_ok"),
        (key(json!({ "alg": "RS512" })), "key_alg"),
        (key(json!({ "use": "enc" })), "key_invalid"),
        (key(json!({ "kty": "EC" })), "key_type"),
        (key(json!({ "kty": null })), "key_invalid"),
        (key(json!({ "n": null })), "key_invalid"),
        (key(json!({ "n": "***" })), "key_invalid"),
        (key(json!({ "n": base64(&[255; 128]) })), "key_size"),
        (key(json!({ "n": base64(&[255; 1024]) })), "key_size"),
        (key(json!({ "n": base64(&[254; 256]) })), "key_invalid"),
        (key(json!({ "e": "AA" })), "key_invalid"),
        (json!({ "keys": [keys()["signing"], with(&jwks()["keys"][1], &json!({}))] }), "jwks_private signature_ok"),
        (json!({ "keys": [] }), "jwks_empty"),
        (json!({ "keys": {} }), "jwks_invalid"),
        (json!({ "jwks_uri": "https://example.com" }), "jwks_invalid"),
        (json!([1]), "jwks_invalid"),
        (json!({ "keys": [1, null, "x"] }), "kid_unknown"),
    ] {
        assert_eq!(only(&token, &jwks), code, "{jwks}");
    }
    assert_eq!(codes(&doctor::verify(&token, "<html>", None, NOW * 1_000)), ["jwks_invalid"]);
}

#[test]
fn what_cannot_be_checked_is_never_ok() {
    for (alg, code) in [("HS256", "alg_symmetric"), ("ES256", "alg_unchecked"), ("EdDSA", "alg_unchecked"), ("none", "alg_none"), ("None", "alg_none"), ("rs256", "alg_unchecked"), ("", "alg_missing")] {
        let said = verify(&unsigned(&json!({ "alg": alg, "kid": "k1" }), &clerk()), &jwks(), None);
        assert_eq!(codes(&said), [code], "{alg}");
        assert!(!said[0].ok);
    }
    assert_eq!(only("opaque", &jwks()), "token_opaque");
}

#[test]
fn keys_of_another_issuer_are_named() {
    let said = verify(&signed(&with(&rs256(), &json!({ "kid": "k9" })), &clerk()), &jwks(), Some("https://other.clerk.accounts.dev/.well-known/jwks.json"));
    assert_eq!(codes(&said), ["kid_unknown"]);
    assert!(said[0].message.contains("\"k9\"") && said[0].message.contains("\"k1\""), "{}", said[0].message);
    assert_eq!(
        said[0].fix.as_deref(),
        Some("The token is of \"https://verb-noun-00.clerk.accounts.dev\", the keys are of \"https://other.clerk.accounts.dev\": use \"https://verb-noun-00.clerk.accounts.dev/.well-known/jwks.json\"")
    );
}
