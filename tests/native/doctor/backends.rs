//! The rules of each backend, one line per rule: what is changed in a token that is in order, and what is said first.

use serde_json::{Value, json};

use crate::tokens::*;

fn table(backend: &str, rows: &[(Value, &str)]) {
    assert_eq!(first(backend, &json!({})), "ok", "{backend}: the token that the rows change");
    for (change, code) in rows {
        assert_eq!(&first(backend, change), code, "{backend} {change}");
    }
}

fn first(backend: &str, change: &Value) -> String {
    lint(&unsigned(&rs256(), &with(&in_order(backend), change)), Some(backend), &expect(None, None))[0].code.to_owned()
}

fn says(backend: &str, claims: &Value, expected: (Option<&str>, Option<&str>)) -> (String, String) {
    let said = lint(&unsigned(&rs256(), claims), Some(backend), &expect(expected.0, expected.1));
    (said[0].message.clone(), said[0].fix.clone().unwrap_or_default())
}

#[test]
fn one_line_when_all_is_well() {
    for (backend, line) in [
        ("fauna", "fauna: iss https://verb-noun-00.clerk.accounts.dev, aud https://db.fauna.com/db/yxxeeaaqcydyy, RS256, 60 s"),
        ("hasura", "hasura: iss https://verb-noun-00.clerk.accounts.dev, no aud, RS256, 60 s"),
        ("convex", "convex: iss https://verb-noun-00.clerk.accounts.dev, aud convex, RS256, 60 s"),
        ("instant", "instant: iss https://verb-noun-00.clerk.accounts.dev, no aud, RS256, 60 s"),
    ] {
        let said = lint(&signed(&rs256(), &in_order(backend)), Some(backend), &expect(Some(CLERK), None));
        assert_eq!((codes(&said), said[0].message.as_str()), (vec!["ok"], line));
    }
}

#[test]
fn algorithms() {
    let takes = |backend: &str| -> Vec<&str> {
        let all = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "HS256"];
        all.into_iter().filter(|alg| !codes(&lint(&unsigned(&json!({ "alg": alg, "kid": "k1" }), &in_order(backend)), Some(backend), &expect(None, None))).contains(&"alg_unsupported")).collect()
    };
    assert_eq!(takes("fauna"), ["RS256", "RS384", "RS512"]);
    assert_eq!(takes("hasura"), ["RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA", "HS256"]);
    assert_eq!(takes("convex"), ["RS256", "ES256", "EdDSA"]);
    assert_eq!(takes("instant"), ["RS256", "ES256"]);
}

#[test]
fn clocks() {
    for (backend, nbf, iat) in [("fauna", true, false), ("hasura", true, true), ("instant", true, true), ("convex", false, false)] {
        assert_eq!(first(backend, &json!({ "exp": NOW })), "expired", "{backend}");
        assert_eq!(first(backend, &json!({ "nbf": NOW + 3 })) == "not_yet_valid", nbf, "{backend}: no leeway");
        assert_eq!(first(backend, &json!({ "nbf": NOW + 30 })), "not_yet_valid", "{backend}");
        assert_eq!(first(backend, &json!({ "nbf": null, "iat": NOW + 3 })) == "issued_in_future", iat, "{backend}");
    }
    for (backend, code) in [("fauna", "ok"), ("hasura", "ok"), ("instant", "ok"), ("convex", "exp_missing")] {
        assert_eq!(first(backend, &json!({ "exp": null })), code, "{backend}");
    }
}

#[test]
fn configuration_comes_before_expiry() {
    let token = unsigned(&rs256(), &with(&in_order("fauna"), &json!({ "aud": null, "exp": NOW - 5 })));
    assert_eq!(codes(&lint(&token, Some("fauna"), &expect(None, None))), ["fauna_audience_missing", "expired"]);
}

#[test]
fn fauna() {
    table("fauna", &[
        (json!({ "aud": null }), "fauna_audience_missing"),
        (json!({ "aud": 7 }), "fauna_audience_missing"),
        (json!({ "aud": "https://db.fauna.com/" }), "fauna_audience_missing"),
        (json!({ "aud": [FAUNA, "https://tenant.eu.auth0.com/userinfo"] }), "ok"),
        (json!({ "aud": [FAUNA, "https://db.fauna.com/db/ybndrfg8ejkmc"] }), "fauna_audience_several"),
        (json!({ "aud": "https://db.fauna.com/db/abc" }), "fauna_audience_id"),
        (json!({ "aud": "https://db.fauna.com/db/" }), "fauna_audience_id"),
        (json!({ "aud": "https://db.fauna.com/db/YXXEEAAQCYDYY" }), "fauna_audience_id"),
        // Read by Fauna as a token without exp, whatever it holds.
        (json!({ "exp": (NOW - 60) as f64 + 0.5 }), "ok"),
    ]);
    let odd = lint(&unsigned(&rs256(), &with(&in_order("fauna"), &json!({ "exp": (NOW + 60) as f64 + 0.5 }))), Some("fauna"), &expect(None, None));
    assert_eq!(codes(&odd), ["ok", "fauna_exp_ignored"]);
    let no_kid = lint(&unsigned(&json!({ "alg": "RS256" }), &in_order("fauna")), Some("fauna"), &expect(None, None));
    assert_eq!(codes(&no_kid), ["ok", "fauna_no_kid"]);
    // What may still pass is not what a 401 is explained with.
    for (metadata, expected) in [(4_500, vec!["ok"]), (5_200, vec!["ok", "fauna_too_large"]), (8_000, vec!["fauna_too_large"])] {
        let large = with(&in_order("fauna"), &json!({ "metadata": "x".repeat(metadata) }));
        assert_eq!(codes(&lint(&unsigned(&rs256(), &large), Some("fauna"), &expect(None, None))), expected, "{metadata}");
    }
}

#[test]
fn fauna_audience_in_words() {
    let claims = with(&in_order("fauna"), &json!({ "aud": "https://db.fauna.com/db/abc" }));
    let (message, fix) = says("fauna", &claims, (None, Some("https://db.fauna.com/db/xyz")));
    assert_eq!(message, "fauna: aud is \"https://db.fauna.com/db/abc\", this client says audience \"https://db.fauna.com/db/xyz\".");
    assert_eq!(fix, "Clerk dashboard > JWT templates > this template > Claims: set the aud claim to \"https://db.fauna.com/db/xyz\"");
    let (_, fix) = says("fauna", &with(&clerk(), &json!({ "sid": "sess_1", "aud": null })), (None, None));
    assert!(fix.starts_with("Clerk's session token has no `aud`: name a JWT template"), "{fix}");
    let auth0 = with(&clerk(), &json!({ "iss": AUTH0, "sub": "auth0|alice", "aud": "https://tenant.eu.auth0.com/userinfo" }));
    let (_, fix) = says("fauna", &auth0, (None, Some(FAUNA)));
    assert!(fix.starts_with("Auth0 dashboard > Applications > APIs"), "{fix}");
}

#[test]
fn fauna_audience_that_no_token_can_be_right_with() {
    let expected = |aud: Value| {
        let token = unsigned(&rs256(), &with(&in_order("fauna"), &json!({ "aud": aud })));
        let said = lint(&token, Some("fauna"), &expect(None, Some("my-api")));
        (said[0].code.to_owned(), format!("{} {}", said[0].message, said[0].fix.clone().unwrap_or_default()))
    };
    for aud in [json!("my-api"), json!("other"), json!(null)] {
        let (code, words) = expected(aud);
        assert_eq!(code, "fauna_audience_missing");
        assert!(words.contains("set the aud claim to \"https://db.fauna.com/db/<id>\""), "{words}");
        assert!(words.ends_with("The `audience` of this client is to be the same; it is \"my-api\""), "{words}");
    }
    for aud in [json!(FAUNA), json!([FAUNA, "my-api"])] {
        let (code, words) = expected(aud);
        assert_eq!(code, "fauna_audience_expected");
        assert!(words.contains("this client says audience \"my-api\"") && words.contains("Give the client the value of AccessProvider"), "{words}");
    }
}

#[test]
fn hasura() {
    let claims = |change: Value| {
        let ours = with(&in_order("hasura")["https://hasura.io/jwt/claims"], &change);
        json!({ "https://hasura.io/jwt/claims": ours })
    };
    table("hasura", &[
        (json!({ "https://hasura.io/jwt/claims": null }), "hasura_claims_missing"),
        (json!({ "https://hasura.io/jwt/claims": "{}" }), "hasura_claims_text"),
        (json!({ "https://hasura.io/jwt/claims": [] }), "hasura_claims_type"),
        (json!({ "https://hasura.io/jwt/claims": null, "claims": { "x-hasura-user-id": "1" } }), "hasura_claims_elsewhere"),
        (json!({ "https://hasura.io/jwt/claims": null, "X-Hasura-User-Id": "1" }), "hasura_claims_elsewhere"),
        (claims(json!({ "x-hasura-allowed-roles": null })), "hasura_roles_missing"),
        (claims(json!({ "x-hasura-allowed-roles": [] })), "hasura_roles_empty"),
        (claims(json!({ "x-hasura-allowed-roles": "user" })), "hasura_roles_type"),
        (claims(json!({ "x-hasura-allowed-roles": ["user", 7] })), "hasura_roles_type"),
        (claims(json!({ "x-hasura-default-role": null })), "hasura_default_role_missing"),
        (claims(json!({ "x-hasura-default-role": ["user"] })), "hasura_default_role_type"),
        (claims(json!({ "x-hasura-default-role": "admin" })), "hasura_default_role_not_allowed"),
        (claims(json!({ "x-hasura-org-id": 7 })), "hasura_claim_type"),
        (claims(json!({ "x-hasura-org-ids": ["a"] })), "hasura_claim_type"),
        (claims(json!({ "x-hasura-org-id": "null" })), "hasura_claim_unresolved"),
        (claims(json!({ "x-hasura-org-id": "{{org.ID}}" })), "hasura_claim_unresolved"),
        (claims(json!({ "other": 7 })), "ok"),
        (json!({ "https://hasura.io/jwt/claims": { "X-Hasura-Allowed-Roles": ["user"], "X-HASURA-DEFAULT-ROLE": "user" } }), "ok"),
    ]);
    let (message, fix) = says("hasura", &with(&clerk(), &json!({ "sid": "sess_1" })), (None, None));
    assert_eq!(message, "hasura: the token has no https://hasura.io/jwt/claims.");
    assert!(fix.starts_with("This is Clerk's session token. Name a JWT template"), "{fix}");
    let (message, _) = says("hasura", &in_order("hasura"), (None, Some("https://hasura.local/")));
    assert_eq!(message, "hasura: aud is missing, this client says audience \"https://hasura.local/\".");
}

#[test]
fn convex() {
    table("convex", &[
        (json!({ "aud": null }), "convex_audience_missing"),
        (json!({ "aud": "other" }), "convex_audience_mismatch"),
        (json!({ "aud": ["convex", "other"] }), "convex_audience_several"),
        (json!({ "sub": null, "iss": CLERK }), "convex_no_sub"),
        (json!({ "iat": null }), "convex_no_iat"),
    ]);
    let token = unsigned(&json!({ "alg": "RS256" }), &in_order("convex"));
    assert_eq!(codes(&lint(&token, Some("convex"), &expect(None, None))), ["convex_no_kid"]);
    // Auth0's audience is the client id, which only the client can know.
    let auth0 = with(&clerk(), &json!({ "iss": AUTH0, "sub": "auth0|alice", "aud": "local-spa" }));
    assert_eq!(codes(&lint(&unsigned(&rs256(), &auth0), Some("convex"), &expect(None, None))), ["ok"]);
    assert_eq!(codes(&lint(&unsigned(&rs256(), &auth0), Some("convex"), &expect(None, Some("another")))), ["convex_audience_mismatch"]);
}

#[test]
fn instant() {
    table("instant", &[
        (json!({ "sub": "" }), "instant_no_sub"),
        (json!({ "nonce": "n" }), "instant_nonce"),
        (json!({ "nonce": "n", "iss": "https://accounts.google.com" }), "ok"),
        (json!({ "email": null }), "instant_no_email"),
        (json!({ "email": "" }), "instant_no_email"),
        (json!({ "email": 7 }), "instant_email_type"),
        (json!({ "email_verified": null }), "instant_no_email_verified"),
        (json!({ "email_verified": "true" }), "instant_email_verified_type"),
        (json!({ "email_verified": false }), "instant_email_unverified"),
    ]);
    let token = unsigned(&json!({ "alg": "RS256" }), &in_order("instant"));
    assert_eq!(codes(&lint(&token, Some("instant"), &expect(None, None))), ["instant_no_kid"]);
    let (message, fix) = says("instant", &with(&in_order("instant"), &json!({ "email_verified": null })), (None, None));
    assert_eq!(message, "instant: the token has no email_verified.");
    assert_eq!(fix, "Clerk dashboard > Sessions > Customize session token: \"email_verified\": \"{{user.email_verified}}\"");
}
