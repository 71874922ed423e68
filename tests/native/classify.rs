//! What each backend says about a token, in its own words, whole and cut off at every byte.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use countersign::backends;
use countersign::core::http::{Head, Reading, Verdict};
use countersign::core::time::DurationMs;

const WAIT: Verdict = Verdict::Wait(DurationMs(1_500));

/// Every text of the engine about tokens, and some that only look like it: code, message, and what follows. One table for both languages.
fn hasura() -> Vec<(String, String, Verdict)> {
    let table: serde_json::Value = serde_json::from_str(include_str!("../differential/hasura/texts.json")).unwrap();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let verdict = |row| match text(row, "says").as_str() {
        "refresh" => Verdict::Refresh,
        "clock" => WAIT,
        "config" | "missing" => Verdict::Fail,
        "role" | "other" => Verdict::Ok,
        word => panic!("{word}"),
    };
    table.as_array().unwrap().iter().map(|row| (text(row, "code"), text(row, "message"), verdict(row))).collect()
}

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

/// Both shapes of a refusal, with its members in one order and in the other.
fn shapes(code: &str, message: &str) -> Vec<String> {
    let (code, message) = (serde_json::to_string(code).unwrap(), serde_json::to_string(message).unwrap());
    vec![
        format!(r#"{{"errors":[{{"extensions":{{"path":"$","code":{code}}},"message":{message}}}]}}"#),
        format!(r#"{{"errors":[{{"message":{message},"extensions":{{"code":{code},"path":"$"}}}}]}}"#),
        format!("{{\n  \"errors\": [\n    {{ \"message\": {message}, \"extensions\": {{ \"code\": {code}, \"path\": \"$\" }} }}\n  ]\n}}\n"),
        format!(r#"{{"errors":[{{"message":{message},"extensions":{{"internal":{{"code":"JWTExpired"}},"code":{code}}}}}],"extensions":{{"took":1}}}}"#),
        format!(r#"{{"path":"$","error":{message},"code":{code}}}"#),
        format!(r#"{{"code":{code},"error":{message},"path":"$"}}"#),
        format!(r#"{{"internal":{{"code":"JWTExpired"}},"error":{message},"path":"$","code":{code}}}"#),
        format!(r#"  {{"errors":[{{"message":{message},"extensions":{{"code":{code}}}}}]}}"#),
    ]
}

#[test]
fn hasura_every_text_in_every_shape_and_at_every_cut() {
    let table = hasura();
    assert!(table.len() > 30);
    for (code, message, verdict) in table {
        for body in shapes(&code, &message) {
            for status in [200, 400, 401] {
                assert_eq!(consistent("hasura", status, &body), verdict, "{body}");
            }
            // One answer of a batch: its neighbours may have been executed. A batch that was refused is a single object.
            assert_eq!(consistent("hasura", 200, &format!("[{body}]")), Verdict::Ok, "{body}");
            // Whatever stands beside `data` came while the operation was executed, even if nothing came of it.
            for data in ["null", r#"{"insert_messages_one":{"id":1},"remote":null}"#] {
                let executed = body.trim().replacen('{', &format!(r#"{{"data":{data},"#), 1);
                assert_eq!(consistent("hasura", 200, &executed), Verdict::Ok, "{executed}");
                let last = format!(r#"{},"data":{data}}}"#, body.trim_end().strip_suffix('}').unwrap());
                assert_eq!(consistent("hasura", 200, &last), Verdict::Ok, "{last}");
                // Cut off before its end, nobody knows what would have followed.
                let cut = last.rfind(r#","data""#).unwrap();
                assert_eq!(read("hasura", 200, &last[..cut], true), Reading::Decided(Verdict::Ok), "{}", &last[..cut]);
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
