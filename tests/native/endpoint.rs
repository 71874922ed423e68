//! Where a token may go (tokens.md H16). Both sides come normalised from the platform's URL; some of these never would, and are refused all the same.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use countersign::core::endpoint::{admit, begins, is_local};
use countersign::core::error::Why;

const API: &str = "https://api.example.com";

fn to(href: &str, origins: &[&str], insecure: bool) -> Result<(), Why> {
    admit(href, &origins.iter().map(|o| (*o).to_owned()).collect::<Vec<_>>(), insecure)
}

#[test]
fn its_own_origin_is_admitted() {
    for href in ["https://api.example.com", "https://api.example.com/", "https://api.example.com/v1/graphql?x=1#y", "https://api.example.com?q", "https://api.example.com#f"] {
        assert_eq!(to(href, &[API], false), Ok(()), "{href}");
    }
    assert_eq!(to("https://b.example.com/", &[API, "https://b.example.com"], false), Ok(()));
}

#[test]
fn every_other_one_is_not() {
    for href in [
        "https://api.example.com.evil.io/",
        "https://api.example.com@evil.io/",
        "https://api.example.com:pass@evil.io/",
        "https://user:pass@api.example.com/",
        "https://user@api.example.com/",
        "https://api.example.com:8443/",
        "https://api.example.com:443.evil.io/",
        "https://api.example.comevil.io/",
        "https://api.example.com-evil.io/",
        "https://api.example.com%2eevil.io/",
        "https://api.example.com\\@evil.io/",
        "https://api.example.com\\.evil.io/",
        "https://api.example.com\t.evil.io/",
        "https://api.example.com\u{3002}evil.io/",
        "https://evil.io/?https://api.example.com/",
        "https://evil.io/https://api.example.com/",
        "https://evil.io#https://api.example.com/",
        "https://xn--api-example-com.io/",
        "https://аpi.example.com/",
        "https://sub.api.example.com/",
        "https://example.com/",
        "https:api.example.com/",
        "HTTPS://API.EXAMPLE.COM/",
        "http://api.example.com/",
        "//api.example.com/",
        "//evil.io/",
        "/relative",
        "blob:https://api.example.com/0f5a",
        "data:text/plain,https://api.example.com/",
        "javascript:https://api.example.com/",
        "file:///etc/passwd",
        "wss://api.example.com/",
        " https://api.example.com/",
        "",
    ] {
        assert_eq!(to(href, &[API], false), Err(Why::NotListed), "{href}");
        assert_eq!(to(href, &[API], true), Err(Why::NotListed), "{href}: plain http being allowed is no list");
    }
    assert_eq!(to("https://api.example.com/", &[], false), Err(Why::NotListed));
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    for origin in ["http://localhost:8080", "http://localhost", "http://app.localhost:3000", "http://127.0.0.1:4100", "http://127.8.8.8", "http://[::1]:8080"] {
        assert_eq!(to(&format!("{origin}/graphql"), &[origin], false), Ok(()), "{origin}");
    }
    for origin in ["http://api.example.com", "http://localhost.evil.io", "http://127.0.0.1.evil.io", "http://127.evil.io", "http://10.0.0.1", "http://0.0.0.0:1", "http://192.168.1.1", "http://notlocalhost"] {
        let href = format!("{origin}/graphql");
        assert_eq!(to(&href, &[origin], false), Err(Why::PlainHttp), "{origin}");
        assert_eq!(to(&href, &[origin], true), Ok(()), "{origin}: the client allows it");
    }
    for origin in ["ws://localhost:1", "wss://api.example.com", "ftp://localhost", "capacitor://localhost"] {
        assert_eq!(to(&format!("{origin}/"), &[origin], true), Err(Why::NotHttp), "{origin}");
    }
}

#[test]
fn a_prefix_ends_at_a_boundary() {
    for (href, prefix, yes) in [
        ("https://a.b/v1/graphql", "https://a.b/v1", true),
        ("https://a.b/v1", "https://a.b/v1", true),
        ("https://a.b/v1?x", "https://a.b/v1", true),
        ("https://a.b/v1#x", "https://a.b/v1", true),
        ("https://a.b/v10", "https://a.b/v1", false),
        ("https://a.b/v1.json", "https://a.b/v1", false),
        ("https://a.b/v1/x", "https://a.b/v1/", true),
        ("https://a.b/v1", "https://a.b/v1/", false),
        ("https://a.b", "https://a.b/", false),
        ("https://a", "https://a.b", false),
    ] {
        assert_eq!(begins(href, prefix), yes, "{href} {prefix}");
    }
}

#[test]
fn what_is_this_machine() {
    for host in ["localhost", "localhost:3000", "localhost/path", "a.b.localhost", "127.0.0.1", "127.255.255.254:80", "[::1]", "[::1]:80/x"] {
        assert!(is_local(host), "{host}");
    }
    for host in ["", "localhos", "localhost.", "localhost.com", "evil-localhost", "localhost@evil.io", "128.0.0.1", "1127.0.0.1", "127.0.0.1.nip.io", "127.0.0.1x", "[::2]", "::1", "0x7f.1"] {
        assert!(!is_local(host), "{host}");
    }
}
