//! What Instant asks of an id token (server source, August 2026). It checks no audience, and it drops an e-mail address whose `email_verified` is not a JSON true without a word.

use serde_json::Value;

use crate::core::finding::{Clock, Facts, Finding, IssuerRule, Lint, Maker, kind};

/// Instant's.
pub const LINT: Lint = Lint {
    name: "instant",
    algorithms: &["RS256", "ES256"],
    issuer_place: "the discovery URL of the OAuth client in the Instant dashboard > Auth",
    issuer: IssuerRule::Exact,
    clock: Clock { exp: 0, nbf: Some(0), iat: Some(0), needs_exp: false, integers_only: false },
    rules: &[key_id, subject, nonce, email, verified],
};

const ADDRESS: &str = "\"email\": \"{{user.primary_email_address}}\"";
const VERIFIED: &str = "\"email_verified\": \"{{user.email_verified}}\"";

/// How to get the two claims of the e-mail address into the token.
fn add(facts: &Facts, clerk: &[&str], other: &str) -> String {
    match facts.maker() {
        Maker::Auth0 => "Use Auth0's ID token with the scope email: templates: { instant: { idToken: true, scope: 'openid email' } }".to_owned(),
        Maker::ClerkSession | Maker::ClerkTemplate => format!("{}: {}", facts.place(), clerk.join(", ")),
        Maker::Other => format!("{}: {other}", facts.place()),
    }
}

fn key_id(facts: &Facts) -> Option<Finding> {
    facts.head("kid").is_none().then(|| Finding::bad("instant_no_kid", "the header has no kid, and Instant looks the signing key up by it.", "Sign with a key that is published, under its kid, in the issuer's JWKS (a custom signing key in Clerk is not)"))
}

fn subject(facts: &Facts) -> Option<Finding> {
    let there = facts.text("sub").is_some_and(|sub| !sub.is_empty());
    (!there).then(|| Finding::bad("instant_no_sub", "the token has no sub.", format!("{}: add sub, the user's id", facts.place())))
}

fn nonce(facts: &Facts) -> Option<Finding> {
    let google = facts.text("iss").is_some_and(|iss| iss.trim_start_matches("https://") == "accounts.google.com");
    (facts.claims.contains_key("nonce") && !google).then(|| {
        Finding::bad(
            "instant_nonce",
            "the token carries a nonce, and Instant refuses it unless the same nonce is sent beside it.",
            "Pass it: signInWithIdToken({ clientName, idToken, nonce }); or use a token of a refresh, which has none",
        )
    })
}

fn email(facts: &Facts) -> Option<Finding> {
    let fix = || add(facts, &[ADDRESS, VERIFIED], "email, and email_verified: true once the address is verified");
    match facts.claims.get("email") {
        Some(Value::String(text)) if !text.is_empty() => None,
        None | Some(Value::Null | Value::String(_)) => Some(Finding::bad("instant_no_email", "the token has no email, so Instant makes a user without one.", fix())),
        Some(other) => Some(Finding::bad("instant_email_type", format!("email is {}, not a text.", kind(other)), fix())),
    }
}

fn verified(facts: &Facts) -> Option<Finding> {
    // Without an address there is nothing to verify, and the rule above has said so.
    facts.text("email").filter(|text| !text.is_empty())?;
    let fix = || add(facts, &[VERIFIED], "email_verified, the boolean true once the address is verified");
    match facts.claims.get("email_verified") {
        Some(Value::Bool(true)) => None,
        Some(Value::Bool(false)) => Some(Finding::bad(
            "instant_email_unverified",
            "email_verified is false, so Instant ignores the e-mail address.",
            "Let the user verify the address, or allow unverified addresses (allowUnverifiedEmail) on the OAuth client in the Instant dashboard > Auth",
        )),
        None => Some(Finding::bad("instant_no_email_verified", "the token has no email_verified.", fix())),
        Some(other) => Some(Finding::bad("instant_email_verified_type", format!("email_verified is {}; only the boolean true counts.", kind(other)), format!("{} (alone in its quotes, so that it stays a boolean)", fix()))),
    }
}
