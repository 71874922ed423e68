//! Texts that are no token, or an odd one; and the rules that every backend shares.

use serde_json::{Value, json};

use crate::tokens::*;

fn first(token: &str) -> String {
    lint(token, None, &expect(None, None))[0].code.to_owned()
}

#[test]
fn texts_that_are_no_token() {
    let good = unsigned(&rs256(), &clerk());
    let (head, _) = good.rsplit_once('.').unwrap();
    let jwe = format!("{}..iviviviviviv.cipher.tag", base64(br#"{"alg":"dir","enc":"A256GCM","iss":"https://tenant.eu.auth0.com/"}"#));
    for (token, code) in [
        ("", "token_empty"),
        ("   ", "token_whitespace"),
        ("undefined", "token_placeholder"),
        ("[object Promise]", "token_placeholder"),
        ("sk_test_abcdefabcdefabcdefabcdef", "token_secret_key"),
        ("pk_test_Z3VpZGluZy1wZWdhc3VzLTkz", "token_opaque"),
        ("5c8bd7b5-0f54-4b8f-8a5e-0c0a51fe5a11", "token_opaque"),
        ("fnAFabcdefghijklmnop", "token_opaque"),
        ("LDk3vqoYlNnsV8sTJd5pZ1kq6v2oTqPb", "token_opaque"),
        ("one.two.three", "token_opaque"),
        ("1.2.3.4", "token_opaque"),
        (jwe.as_str(), "token_encrypted"),
        (head, "token_truncated"),
        (&good[..40], "token_truncated"),
        (&good[..good.len() - 200], "token_truncated"),
        (&format!("{head}."), "token_truncated"),
        (&format!("{head}.!!!!"), "token_truncated"),
        (&format!("Bearer {good}"), "token_bearer"),
        (&format!("\"{good}\""), "token_quoted"),
        (&format!("{good}\n"), "token_whitespace"),
        (&"x".repeat(1_000_000), "token_too_long"),
    ] {
        assert_eq!(first(token), code, "{}", &token[..token.len().min(30)]);
    }
}

#[test]
fn broken_contents() {
    let header = rs256().to_string();
    let claims = clerk().to_string();
    for (header, claims, code) in [
        (header.as_str(), "[1,2]", "token_not_object"),
        (header.as_str(), "{\"a\":}", "token_not_json"),
        (header.as_str(), &claims[..30], "token_truncated"),
        (header.as_str(), "{\"iss\":\"a\",\"iss\":\"b\"}", "token_duplicate"),
        ("{\"alg\":\"RS256\",\"cty\":\"JWT\"}", claims.as_str(), "token_unusual"),
        ("{\"alg\":\"RS256\",\"typ\":1}", claims.as_str(), "token_unusual"),
        ("{\"alg\":\"RS256\",\"kid\":1}", claims.as_str(), "kid_type"),
        ("{\"alg\":\"RS256\",\"crit\":[\"x\"]}", claims.as_str(), "header_crit"),
        ("{\"kid\":\"k1\"}", claims.as_str(), "alg_missing"),
        ("{\"alg\":7}", claims.as_str(), "alg_missing"),
        ("{\"alg\":\"none\"}", claims.as_str(), "alg_none"),
        (header.as_str(), "{\"iss\":7}", "iss_type"),
    ] {
        assert_eq!(first(&raw(header, claims)), code, "{header} {claims}");
    }
}

#[test]
fn spelling_of_base64() {
    let good = unsigned(&rs256(), &clerk());
    let parts: Vec<&str> = good.split('.').collect();
    let padded = format!("{}.{}==.{}", parts[0], parts[1], parts[2]);
    assert_eq!(first(&padded), "token_spelling");
    // The signature of 256 bytes ends in four spare bits.
    let stray = format!("{}.{}.{}f", parts[0], parts[1], &parts[2][..parts[2].len() - 1]);
    assert_eq!(first(&stray), "token_spelling");
}

#[test]
fn times() {
    let cases: &[(Value, &[&str])] = &[
        (json!({}), &["ok"]),
        (json!({ "exp": NOW - 12 }), &["expired"]),
        (json!({ "exp": NOW }), &["expired"]),
        (json!({ "exp": (NOW - 12) as f64 + 0.5 }), &["expired"]),
        (json!({ "exp": (NOW + 60).to_string() }), &["exp_type"]),
        (json!({ "exp": (NOW - 60).to_string() }), &["exp_type", "expired"]),
        (json!({ "exp": false }), &["exp_type"]),
        (json!({ "exp": (NOW + 60) * 1_000 }), &["time_milliseconds"]),
        (json!({ "exp": null }), &["ok", "exp_never"]),
        (json!({ "nbf": NOW + 6 }), &["not_yet_valid"]),
        (json!({ "nbf": NOW + 5 }), &["ok"]),
        (json!({ "nbf": null, "iat": NOW + 61 }), &["issued_in_future"]),
        (json!({ "exp": 1e300 }), &["token_unusual", "time_milliseconds"]),
        (json!({ "exp": -1 }), &["expired"]),
    ];
    for (change, codes_wanted) in cases {
        let said = lint(&unsigned(&rs256(), &with(&clerk(), change)), None, &expect(None, None));
        assert_eq!(&codes(&said), codes_wanted, "{change}");
    }
    // `null` is a value too.
    let said = lint(&raw(&rs256().to_string(), "{\"exp\":null}"), None, &expect(None, None));
    assert_eq!(codes(&said), ["exp_type"]);
}

#[test]
fn how_long_ago() {
    for (seconds, words) in [(12, "12 s ago"), (200, "3 min ago"), (20_000, "5 h ago"), (900_000, "10 days ago")] {
        let said = lint(&unsigned(&rs256(), &with(&clerk(), &json!({ "exp": NOW - seconds }))), None, &expect(None, None));
        assert!(said[0].message.contains(words), "{}", said[0].message);
    }
}

#[test]
fn issuers() {
    // What the token says, what the client was told, and the code per kind of comparison.
    let cases = [
        (AUTH0, AUTH0, "", ""),
        (AUTH0, "https://tenant.eu.auth0.com", "iss_slash", ""),
        (CLERK, "https://verb-noun-00.clerk.accounts.dev/", "iss_slash", ""),
        (CLERK, "verb-noun-00.clerk.accounts.dev", "iss_mismatch", ""),
        (CLERK, AUTH0, "iss_mismatch", "iss_mismatch"),
    ];
    for (iss, told, exact, loose) in cases {
        for (backend, code) in [("fauna", exact), ("hasura", exact), ("instant", exact), ("convex", loose)] {
            let token = unsigned(&rs256(), &with(&in_order(backend), &json!({ "iss": iss })));
            let said = lint(&token, Some(backend), &expect(Some(told), None));
            let about: Vec<&str> = said.iter().map(|f| f.code).filter(|c| c.starts_with("iss_")).collect();
            assert_eq!(about.join(""), code, "{backend} {iss} {told}");
        }
    }
    for (backend, code) in [("fauna", "iss_missing"), ("instant", "iss_missing"), ("convex", "iss_missing"), ("hasura", "ok")] {
        let token = unsigned(&rs256(), &with(&in_order(backend), &json!({ "iss": null })));
        assert_eq!(lint(&token, Some(backend), &expect(Some(CLERK), None))[0].code, code, "{backend}");
    }
}

#[test]
fn audience_without_a_backend() {
    let token = unsigned(&rs256(), &with(&clerk(), &json!({ "aud": ["a", "b"] })));
    assert_eq!(codes(&lint(&token, None, &expect(None, Some("b")))), ["ok"]);
    assert_eq!(codes(&lint(&token, None, &expect(None, Some("c")))), ["aud_mismatch"]);
}

#[test]
fn a_claim_that_holds_a_token_is_not_shown() {
    let inner = unsigned(&rs256(), &clerk());
    let said = lint(&unsigned(&rs256(), &with(&clerk(), &json!({ "aud": inner }))), Some("fauna"), &expect(None, Some(FAUNA)));
    for finding in &said {
        assert!(!finding.message.contains(&inner[..40]), "{}", finding.message);
    }
    // Control characters and length are somebody else's choice as well.
    let said = lint(&unsigned(&rs256(), &with(&clerk(), &json!({ "aud": format!("a\n\u{1b}[31m{}", "x".repeat(5_000)) }))), Some("convex"), &expect(None, None));
    assert!(said[0].message.len() < 400 && !said[0].message.contains(char::is_control), "{}", said[0].message);
}
