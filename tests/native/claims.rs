//! The tolerant reader of tokens: what it cannot read is opaque and never an error, and what jwt-compact reads it reads the same.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::Cell;

use countersign::auth::claims::{Claims, read};
use countersign::core::json::Raw;
use countersign::core::text::Mark;
use countersign::core::time::UnixMillis;
use jwt_compact::UntrustedToken;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value;

#[path = "auth/base64.rs"]
mod base64;
use base64::{base64, jwt as token};

#[test]
fn what_is_no_token_is_opaque() {
    let jwe = format!("{0}.{0}.{0}.{0}.{0}", base64(b"{}"));
    let bad = [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "a".into(),
        "a.b".into(),
        "opaque-access-token".into(),
        "fnAFaunaSecret_with-dashes".into(),
        "3f1c0f3e-0f5a-4f0e-9a55-0d3c86a5a111".into(),
        jwe,
        "e30.!!!!.c2ln".into(),
        "e30.ж.c2ln".into(),
        "e30. e30.c2ln".into(),
        "e30.e30\n.c2ln".into(),
        format!("e30.{}.c2ln", base64(b"null")),
        format!("e30.{}.c2ln", base64(b"[]")),
        format!("e30.{}.c2ln", base64(b"42")),
        format!("e30.{}.c2ln", base64(b"\"{}\"")),
        format!("e30.{}.c2ln", base64(b"exp=1800000000")),
        format!("e30.{}.c2ln", base64(&[0xff, 0xfe, b'{', b'}'])),
        format!("e30.{}.c2ln", base64(b"{")),
        format!("e30.{}.c2ln", base64(br#"{"exp":18000000"#)),
        format!("e30.{}.c2ln", base64(br#"{"exp":1800000000"#)),
        format!("e30.{}.c2ln", base64(b"\xef\xbb\xbf{}")),
        token("{}").replace("c2ln", &"A".repeat(70_000)),
        "x".repeat(1_000_000),
    ];
    for text in &bad {
        assert_eq!(read(text), None, "{:.60}", text);
    }
}

#[test]
fn every_truncation_of_a_token_is_opaque_or_reads_as_the_whole() {
    let whole = token(r#"{"iat":1800000000,"nested":{"exp":1},"exp":1800000060,"sub":"user_alice"}"#);
    let claims = read(&whole).unwrap();
    for end in 0..whole.len() {
        let part = &whole[..end];
        let with_tail = format!("{part}.c2ln");
        for text in [part, with_tail.as_str()] {
            if let Some(found) = read(text) {
                assert!(found == claims || found.expires.is_none(), "{end}: {found:?}");
            }
        }
    }
}

#[test]
fn odd_claims_are_not_found_and_the_others_are() {
    let odd = Claims { odd: true, ..Claims::default() };
    let mark = |text: &str| Some(Mark::of(text));
    let expires = |seconds: i64| Claims { expires: Some(UnixMillis(seconds * 1000)), ..Claims::default() };
    for (payload, claims) in [
        ("{}", Claims::default()),
        (r#"{"exp":null}"#, Claims::default()),
        (r#"{"exp":"soon"}"#, odd),
        (r#"{"exp":{"exp":1}}"#, odd),
        (r#"{"exp":[1800000000]}"#, odd),
        (r#"{"exp":true}"#, odd),
        (r#"{"exp":1e300}"#, odd),
        (r#"{"exp":-1e300}"#, odd),
        (r#"{"exp":1800000060000}"#, odd),
        (r#"{"exp":"1800000060"}"#, expires(1_800_000_060)),
        (r#"{"exp":1800000060.9}"#, expires(1_800_000_060)),
        (r#"{"exp":1.80000006e9}"#, expires(1_800_000_060)),
        (r#"{"exp":-5}"#, expires(-5)),
        (r#"{"exp":0}"#, expires(0)),
        (r#"{"exp":1,"exp":2}"#, expires(2)),
        (r#"{"a":{"exp":1},"b":[{"exp":2}],"exp":3}"#, expires(3)),
        (" {\n \"exp\" : 5 }\n", expires(5)),
        (r#"{"sub":42}"#, Claims::default()),
        (r#"{"sid":"sess_1","org_id":"org_1"}"#, Claims { session: mark("sess_1"), org: mark("org_1"), ..Claims::default() }),
        (r#"{"o":{"rol":"admin","id":"org_1"}}"#, Claims { org: mark("org_1"), ..Claims::default() }),
        (r#"{"o":"org_1","org_id":null}"#, Claims::default()),
        (r#"{"sub":"auth0|a\"lice\u00e9"}"#, Claims { subject: Some(Mark::of("auth0|a\"liceé")), ..Claims::default() }),
        (r#"{"sub":"\ud83d"}"#, Claims { subject: Some(Mark::of("\u{fffd}")), ..Claims::default() }),
        (r#"{"sub":"\ud83d\u0041"}"#, Claims { subject: Some(Mark::of("\u{fffd}A")), ..Claims::default() }),
        (r#"{"sub":"\ud83d\ude00"}"#, Claims { subject: Some(Mark::of("😀")), ..Claims::default() }),
    ] {
        assert_eq!(read(&token(payload)), Some(claims), "{payload}");
    }
}

#[test]
fn base64_is_read_with_padding_and_in_either_alphabet() {
    let payload = r#"{"sub":"ÿþ?>~~","exp":1800000000}"#;
    let plain = base64(payload.as_bytes());
    let padded = format!("{plain}{}", "=".repeat((4 - plain.len() % 4) % 4));
    let standard = padded.replace('-', "+").replace('_', "/");
    let wanted = read(&token(payload));
    assert!(wanted.is_some_and(|c| c.subject == Some(Mark::of("ÿþ?>~~"))));
    for text in [padded, standard] {
        assert_eq!(read(&format!("e30.{text}.c2ln")), wanted);
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("\"}],{:\\ \u{1f600} exp")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("exp|iat|sub|[a-z\"\\\\{}:,]{0,6}", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// A number of seconds, as issuers write it.
fn instant() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-100_000_000_000_i64 + 1..100_000_000_000).prop_map(Value::from),
        4 => (1_600_000_000_i64..2_000_000_000).prop_map(Value::from),
        2 => (1_600_000_000_000_i64..2_000_000_000_000).prop_map(|ms| Value::from(ms as f64 / 1000.0)),
        1 => json(),
    ]
}

fn claims() -> impl Strategy<Value = Value> {
    let extra = prop::collection::btree_map("[a-z_:/.\"\\\\]{0,8}|https://hasura.io/jwt/claims", json(), 0..5);
    (extra, prop::option::of(instant()), prop::option::of(instant()), prop::option::of(prop_oneof![3 => ".{0,16}".prop_map(Value::from), 1 => json()])).prop_map(|(extra, exp, iat, sub)| {
        let mut all: serde_json::Map<String, Value> = extra.into_iter().collect();
        for (name, value) in [("exp", exp), ("iat", iat), ("sub", sub)] {
            if let Some(value) = value {
                all.insert(name.into(), value);
            }
        }
        Value::Object(all)
    })
}

/// Agrees with jwt-compact about this token, if that accepts it. Whether it did.
fn agrees(text: &str) -> Result<bool, TestCaseError> {
    let Ok(untrusted) = UntrustedToken::new(text) else { return Ok(false) };
    let Ok(oracle) = untrusted.deserialize_claims_unchecked::<Value>() else { return Ok(false) };
    let ours = read(text);
    prop_assert!(ours.is_some(), "opaque to us alone: {}", text);
    let ours = ours.unwrap();
    let ms = |at: Option<i64>| at.map(|s| UnixMillis(s * 1000));
    prop_assert_eq!(ours.expires, ms(oracle.expiration.map(|t| t.timestamp())));
    prop_assert_eq!(ours.issued, ms(oracle.issued_at.map(|t| t.timestamp())));
    prop_assert_eq!(ours.subject, oracle.custom.get("sub").and_then(Value::as_str).map(Mark::of));
    Ok(true)
}

/// As Python and others write it: nothing outside ASCII.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect() }).collect()
}

#[test]
fn the_oracle_accepts_what_providers_send() {
    assert!(agrees(&token(r#"{"sub":"user_alice","iat":1800000000,"exp":1800000060,"aud":["a","b"],"o":{"id":"org"}}"#)).unwrap());
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 5_000, failure_persistence: None, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() }
}

#[test]
fn what_jwt_compact_accepts_reads_the_same() {
    let accepted = Cell::new(0);
    let run = TestRunner::new(config()).run(&(claims(), any::<bool>(), any::<bool>()), |(claims, pretty, escaped)| {
        let text = if pretty { serde_json::to_string_pretty(&claims) } else { serde_json::to_string(&claims) }.unwrap();
        accepted.set(accepted.get() + u32::from(agrees(&token(&if escaped { ascii(&text) } else { text }))?));
        Ok(())
    });
    run.unwrap();
    assert!(accepted.get() > 2_500, "the oracle accepted {} of 5,000 only: that compares nothing", accepted.get());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&text);
        read(&format!("a.{text}.b"));
        agrees(&format!("e30.{}.c2ln", base64(&bytes)))?;
        agrees(&token(&text))?;
        agrees(&token(&format!("{{\"exp\":{text}}}")))?;
        let raw = Raw(&text);
        let _ = (raw.text(), raw.number(), raw.is_object());
        raw.get(&["a", "0", "b"]);
    }

    #[test]
    fn arbitrary_json_like_text_never_panics(text in "[{}\\[\\]:,\"\\\\ 0-9eE.+ux-]{0,60}") {
        agrees(&token(&text))?;
        let raw = Raw(&text);
        let _ = (raw.text(), raw.number());
        raw.each(|_, value| { value.text(); value.number(); true });
    }
}
