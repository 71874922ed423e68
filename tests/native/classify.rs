//! What each backend says about a token, in its own words, whole and cut off at every byte.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use countersign::backends;
use countersign::core::http::{Head, Reading, Verdict};
use countersign::core::time::DurationMs;

const WAIT: Verdict = Verdict::Wait(DurationMs(1_500));

/// Every text of the engine about tokens, and what follows from it.
const HASURA: [(&str, &str, Verdict); 31] = [
    ("invalid-jwt", "Could not verify JWT: JWTExpired", Verdict::Refresh),
    ("invalid-jwt", "Could not verify JWT: JWTNotYetValid", WAIT),
    ("invalid-jwt", "Could not verify JWT: JWTIssuedAtFuture", WAIT),
    ("invalid-jwt", "Could not verify JWT: JWTNotInAudience", Verdict::Fail),
    ("invalid-jwt", "Could not verify JWT: JWTNotInIssuer", Verdict::Fail),
    ("invalid-jwt", "Could not verify JWT: JWSError JWSInvalidSignature", Verdict::Refresh),
    ("invalid-jwt", "Could not verify JWT: JWSError NoUsableKeys", Verdict::Refresh),
    ("invalid-jwt", "Could not verify JWT: JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 1)", Verdict::Fail),
    ("invalid-jwt", "Could not verify JWT: JWSError (JSONDecodeError \"Error in $: not enough input\")", Verdict::Fail),
    ("invalid-jwt", "Could not verify JWT: JWTClaimsSetDecodeError \"Error in $: key \\\"iss\\\"\"", Verdict::Fail),
    ("invalid-headers", "Could not verify JWT: Multiple JWTs found", Verdict::Fail),
    ("invalid-headers", "Malformed Authorization header", Verdict::Fail),
    ("invalid-headers", "Missing 'Authorization' or 'Cookie' header in JWT authentication mode", Verdict::Fail),
    ("invalid-headers", "Missing Authorization header in JWT authentication mode", Verdict::Fail),
    ("invalid-headers", "Could not find token in Cookie header", Verdict::Fail),
    ("jwt-invalid-claims", "claims key: 'https://hasura.io/jwt/claims' not found", Verdict::Fail),
    ("jwt-invalid-claims", "claims not found at claims_namespace_path: '$.hasura'", Verdict::Fail),
    ("jwt-invalid-claims", "expecting a json object when claims_format is json", Verdict::Fail),
    ("jwt-invalid-claims", "expecting a string when claims_format is stringified_json", Verdict::Fail),
    ("jwt-invalid-claims", "expecting stringified json at: '$.hasura', but found: 1", Verdict::Fail),
    ("jwt-invalid-claims", "invalid x-hasura-allowed-roles; should be a list of roles: parsing failed", Verdict::Fail),
    ("jwt-invalid-claims", "invalid x-hasura-default-role; should be a single role name: parsing failed", Verdict::Fail),
    ("jwt-invalid-claims", "x-hasura-* claims: parsing Text failed, expected String, but encountered Number", Verdict::Fail),
    ("jwt-invalid-claims", "JWT claim from claims_map, x-hasura-user-id not found", Verdict::Fail),
    ("jwt-missing-role-claims", "JWT claim does not contain x-hasura-allowed-roles", Verdict::Fail),
    ("jwt-missing-role-claims", "JWT claim does not contain x-hasura-default-role", Verdict::Fail),
    ("access-denied", "Your requested role is not in allowed roles", Verdict::Ok),
    ("access-denied", "x-hasura-admin-secret/x-hasura-access-key required, but not found", Verdict::Ok),
    ("access-denied", "invalid x-hasura-admin-secret/x-hasura-access-key", Verdict::Ok),
    ("validation-failed", "field 'JWTExpired' not found in type: 'query_root'", Verdict::Ok),
    ("unexpected", "invalid-jwt", Verdict::Ok),
];

fn read(backend: &str, status: u16, text: &str, complete: bool) -> Reading {
    (backends::named(backend).classify)(&Head { status, text, complete, read: true })
}

fn unread(backend: &str, status: u16) -> Reading {
    (backends::named(backend).classify)(&Head { status, text: "", complete: false, read: false })
}

/// Cut off at any byte it says the same as whole, or that it needs more.
fn consistent(backend: &str, status: u16, body: &str) -> Verdict {
    let Reading::Decided(whole) = read(backend, status, body, true) else { panic!("the whole body decides nothing: {body}") };
    for end in (0..body.len()).filter(|end| body.is_char_boundary(*end)) {
        match read(backend, status, &body[..end], false) {
            Reading::More => {}
            Reading::Decided(early) => assert_eq!(early, whole, "after {end} bytes: {}", &body[..end]),
        }
    }
    whole
}

fn shapes(code: &str, message: &str) -> Vec<String> {
    let (code, message) = (serde_json::to_string(code).unwrap(), serde_json::to_string(message).unwrap());
    vec![
        format!(r#"{{"errors":[{{"extensions":{{"path":"$","code":{code}}},"message":{message}}}]}}"#),
        format!(r#"{{"errors":[{{"message":{message},"extensions":{{"code":{code},"path":"$"}}}}]}}"#),
        format!("{{\n  \"errors\": [\n    {{ \"message\": {message}, \"extensions\": {{ \"code\": {code}, \"path\": \"$\" }} }}\n  ]\n}}\n"),
        format!(r#"{{"path":"$","error":{message},"code":{code}}}"#),
        format!(r#"{{"code":{code},"error":{message},"path":"$"}}"#),
        format!(r#"  {{"errors":[{{"message":{message},"extensions":{{"code":{code}}}}}]}}"#),
    ]
}

#[test]
fn hasura_every_text_in_every_shape_and_at_every_cut() {
    for (code, message, verdict) in HASURA {
        for body in shapes(code, message) {
            for status in [200, 400, 401] {
                assert_eq!(consistent("hasura", status, &body), verdict, "{body}");
            }
        }
    }
}

#[test]
fn hasura_success_is_known_from_its_first_bytes_and_nothing_else_is_refused() {
    assert_eq!(unread("hasura", 200), Reading::More, "200 says nothing there");
    assert_eq!(read("hasura", 200, r#"{"data":{"messages":[{"bo"#, false), Reading::Decided(Verdict::Ok));
    assert_eq!(read("hasura", 200, r#"[{"data":"#, false), Reading::Decided(Verdict::Ok), "a batch that was refused is a single object");
    for body in [
        "",
        "   ",
        "{}",
        "null",
        "<html>502</html>",
        r#"{"data":{"errors":[{"message":"Could not verify JWT: JWTExpired","extensions":{"code":"invalid-jwt"}}]}}"#,
        r#"[{"errors":[{"message":"Could not verify JWT: JWTExpired","extensions":{"code":"invalid-jwt"}}]}]"#,
        r#"{"errors":[]}"#,
        r#"{"errors":[{}]}"#,
        r#"{"errors":[{"message":"Could not verify JWT: JWTExpired"}]}"#,
        r#"{"errors":[{"message":"Could not verify JWT: JWTExpired","extensions":{"code":42}}]}"#,
        r#"{"errors":[{"message":"another error","extensions":{"code":"unexpected"}},{"message":"JWTExpired","extensions":{"code":"invalid-jwt"}}]}"#,
        r#"{"errors":"JWTExpired"}"#,
        r#"{"code":"invalid-jwt"}"#,
    ] {
        assert_eq!(consistent("hasura", 200, body), Verdict::Ok, "{body}");
    }
}

#[test]
fn convex_curable_codes_and_others() {
    for (code, verdict) in [
        ("Unauthenticated", Verdict::Refresh),
        ("TokenExpired", Verdict::Refresh),
        ("InvalidAuthHeader", Verdict::Refresh),
        ("NoAuthProvider", Verdict::Fail),
        ("BadAdminKey", Verdict::Fail),
        ("SomethingNew", Verdict::Fail),
        ("Unauthenticate", Verdict::Fail),
    ] {
        for body in [
            format!(r#"{{"code":"{code}","message":"Could not verify OIDC token claim."}}"#),
            format!(r#"{{ "message": "Could not verify \"code\": \"TokenExpired\"", "code": "{code}" }}"#),
        ] {
            assert_eq!(consistent("convex", 401, &body), verdict, "{body}");
            for status in [200, 400, 403, 404, 500, 560] {
                assert_eq!(consistent("convex", status, &body), Verdict::Ok, "{status}");
                assert_eq!(unread("convex", status), Reading::Decided(Verdict::Ok), "released unread");
            }
        }
    }
    for body in ["", "Unauthorized", "{}", r#"{"code":null}"#, r#"{"error":{"code":"TokenExpired"}}"#] {
        assert_eq!(consistent("convex", 401, body), Verdict::Fail, "{body}");
    }
    assert_eq!(unread("convex", 401), Reading::More);
}

#[test]
fn fauna_instant_and_the_rest_by_status() {
    for status in 100..600 {
        let refused = Reading::Decided(if status == 401 { Verdict::Refresh } else { Verdict::Ok });
        for backend in ["fauna", "", "a name nobody knows"] {
            assert_eq!(unread(backend, status), refused, "{backend} {status}");
        }
        assert_eq!(unread("instant", status), Reading::Decided(Verdict::Ok), "its session is its own");
    }
}

#[test]
fn backends_are_found_by_their_names() {
    let names: Vec<&str> = backends::ALL.iter().map(|b| b.name).collect();
    assert_eq!(names, ["convex", "fauna", "hasura", "instant"]);
    for name in names {
        assert_eq!(backends::named(name).name, name);
    }
    assert_eq!(backends::named("nobody").name, "");
}
