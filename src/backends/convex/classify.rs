//! Convex verifies the token before it runs the function, so a 401 means that nothing ran, and its body says why.

use crate::core::http::{Head, Reading, Verdict};
use crate::core::json::Raw;

/// `Unauthenticated`, `TokenExpired` and `InvalidAuthHeader` are curable; `NoAuthProvider` is a configuration
/// (backend source, crates `authentication` and `errors`, August 2026).
pub fn classify(head: &Head) -> Reading {
    if head.status != 401 {
        return Reading::Decided(Verdict::Ok);
    }
    match Raw(head.text).get(&["code"]).and_then(Raw::text).as_deref() {
        Some("Unauthenticated" | "TokenExpired" | "InvalidAuthHeader") => Reading::Decided(Verdict::Refresh),
        Some(_) => Reading::Decided(Verdict::Fail),
        None if head.complete => Reading::Decided(Verdict::Fail),
        None => Reading::More,
    }
}
