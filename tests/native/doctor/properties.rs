//! Whatever it is fed, the doctor answers, and gives nothing away.

use countersign::doctor;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tokens::*;

/// JSON of any kind; every text in it is recognisable, so that a leak shows.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,8}".prop_map(|text| Value::from(format!("LEAK-{text}"))),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), btree_map(name(), inner, 0..4).prop_map(|map| json!(map))])
}

fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &["exp", "nbf", "iat", "email", "email_verified", "nonce", "sid", "https://hasura.io/jwt/claims", "x-hasura-allowed-roles", "x-hasura-default-role", "X-Hasura-User-Id", "cat"];
    prop_oneof![proptest::sample::select(KNOWN).prop_map(str::to_owned), "[a-z]{1,8}".prop_filter("claims that may be shown", |n| !["iss", "aud", "sub", "kid", "alg"].contains(&n.as_str()))]
}

fn everybody(token: &str) -> Vec<countersign::core::finding::Finding> {
    let told = expect(Some(CLERK), Some(FAUNA));
    let mut all = doctor::lint(token, None, &told, NOW * 1_000);
    for backend in doctor::BACKENDS {
        all.extend(doctor::lint(token, Some(backend), &told, NOW * 1_000));
    }
    all.extend(doctor::verify(token, &jwks().to_string(), Some("https://x.example/jwks.json"), NOW * 1_000));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>(), now in any::<i64>()) {
        prop_assert!(!everybody(&text).is_empty());
        doctor::lint(&text, None, &expect(None, None), now);
    }

    #[test]
    fn any_text_of_the_alphabet(text in "e?y?[A-Za-z0-9_=.+/-]{0,200}") {
        for finding in everybody(&text) {
            let shown = serde_json::to_string(&finding).unwrap();
            for part in text.split('.').filter(|part| part.len() > 12) {
                prop_assert!(!shown.contains(part), "{shown}");
            }
        }
    }

    #[test]
    fn any_bytes_inside(header in vec(any::<u8>(), 0..60), claims in vec(any::<u8>(), 0..60), signature in vec(any::<u8>(), 0..300)) {
        everybody(&format!("{}.{}.{}", base64(&header), base64(&claims), base64(&signature)));
        everybody(&format!("{}.{}.{}", base64(rs256().to_string().as_bytes()), base64(&claims), base64(&signature)));
    }

    #[test]
    fn any_claims(header in btree_map(name(), value(), 0..4), claims in btree_map(name(), value(), 0..8), now in any::<i64>()) {
        let header = with(&rs256(), &json!(header));
        let claims = json!(claims);
        let token = unsigned(&header, &claims);
        for finding in everybody(&token) {
            let shown = serde_json::to_string(&finding).unwrap();
            prop_assert!(!shown.contains("LEAK-"), "{shown}");
            for part in token.split('.').filter(|part| part.len() > 12) {
                prop_assert!(!shown.contains(part), "{shown}");
            }
        }
        for backend in doctor::BACKENDS {
            doctor::lint(&token, Some(backend), &expect(None, None), now);
        }
    }

    #[test]
    fn any_cut_of_a_good_token(cut in 0usize..600) {
        let token = unsigned(&rs256(), &in_order("fauna"));
        everybody(&token[..cut.min(token.len())]);
    }

    #[test]
    fn any_key_set(jwks in value(), key in btree_map(prop_oneof![Just("n".to_owned()), Just("e".to_owned()), Just("kid".to_owned()), Just("alg".to_owned())], value(), 0..4)) {
        let token = unsigned(&rs256(), &clerk());
        doctor::verify(&token, &jwks.to_string(), None, NOW * 1_000);
        let mut key = json!(key);
        key["kty"] = json!("RSA");
        doctor::verify(&token, &json!({ "keys": [key] }).to_string(), None, NOW * 1_000);
    }

    #[test]
    fn any_modulus(n in vec(any::<u8>(), 250..520), e in vec(any::<u8>(), 0..6), signature in vec(any::<u8>(), 120..520)) {
        let token = format!("{}.{}.{}", base64(rs256().to_string().as_bytes()), base64(clerk().to_string().as_bytes()), base64(&signature));
        let jwks = json!({ "keys": [{ "kty": "RSA", "kid": "k1", "n": base64(&n), "e": base64(&e) }] });
        let said = doctor::verify(&token, &jwks.to_string(), None, NOW * 1_000);
        prop_assert!(said.iter().all(|finding| finding.code != "signature_ok"));
    }
}
