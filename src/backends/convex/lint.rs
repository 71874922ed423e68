//! What Convex asks of a token, whether its provider is OIDC or `customJwt` (backend source, August 2026): what both need, and where they differ, what is safe for both.

use crate::core::finding::{Clock, Facts, Finding, IssuerRule, Lint, Maker, Moment, quoted};

/// Convex's.
pub const LINT: Lint = Lint {
    name: "convex",
    // OIDC: RS256 and EdDSA; customJwt: RS256 and ES256.
    algorithms: &["RS256", "ES256", "EdDSA"],
    issuer_place: "`domain` of the provider in convex/auth.config.ts",
    issuer: IssuerRule::Loose,
    clock: Clock { exp: 0, nbf: Some(5), iat: None, needs_exp: true, integers_only: false },
    rules: &[audience, several, subject, key_id, issued],
};

/// `convex/auth.config.ts` names an applicationID, which is the audience; for Clerk that is by convention the word convex.
fn audience(facts: &Facts) -> Option<Finding> {
    let all = facts.audiences();
    let maker = facts.maker();
    let wanted = match (facts.expect.audience.as_deref(), maker) {
        (Some(told), _) => Some(told),
        (None, Maker::ClerkSession | Maker::ClerkTemplate) => Some("convex"),
        (None, _) => None,
    };
    let fix = || match maker {
        Maker::ClerkSession => "This is Clerk's session token. Clerk dashboard > JWT templates > New > Convex, name it convex, and templates: { convex: 'convex' }; or give the session token the claim \"aud\": \"convex\"".to_owned(),
        Maker::ClerkTemplate => format!("{}: \"aud\": {}, the applicationID in convex/auth.config.ts", facts.place(), quoted(wanted.unwrap_or("convex"))),
        Maker::Auth0 => "Convex wants Auth0's ID token, whose aud is the client id: templates: { convex: { idToken: true } }, and that client id as applicationID in convex/auth.config.ts".to_owned(),
        Maker::Other => "Make it the applicationID of the provider in convex/auth.config.ts".to_owned(),
    };
    match wanted {
        _ if all.is_empty() => Some(Finding::bad("convex_audience_missing", "the token has no aud.", fix())),
        Some(wanted) if !all.contains(&wanted) => {
            Some(Finding::bad("convex_audience_mismatch", format!("aud is {}, and Convex is asked to accept {}.", facts.shown_audience(), quoted(wanted)), fix()))
        }
        _ => None,
    }
}

fn several(facts: &Facts) -> Option<Finding> {
    (facts.audiences().len() > 1).then(|| {
        let message = format!("aud has {} entries ({}); Convex refuses an OIDC token that is also for somebody else.", facts.audiences().len(), facts.shown_audience());
        let fix = if facts.maker() == Maker::Auth0 { "Use Auth0's ID token: templates: { convex: { idToken: true } }".to_owned() } else { format!("{}: one audience, the applicationID in convex/auth.config.ts", facts.place()) };
        Finding::bad("convex_audience_several", message, fix)
    })
}

fn subject(facts: &Facts) -> Option<Finding> {
    let there = facts.text("sub").is_some_and(|sub| !sub.is_empty());
    (!there).then(|| Finding::bad("convex_no_sub", "the token has no sub, from which Convex makes the identity.", format!("{}: add sub, the user's id", facts.place())))
}

fn key_id(facts: &Facts) -> Option<Finding> {
    facts.head("kid").is_none().then(|| {
        Finding::bad("convex_no_kid", "the header has no kid, so Convex cannot tell which key signed it.", "Sign with a key that is published, under its kid, in the issuer's JWKS (a custom signing key in Clerk is not)")
    })
}

fn issued(facts: &Facts) -> Option<Finding> {
    (facts.moment("iat") == Moment::Absent).then(|| {
        Finding::bad("convex_no_iat", "the token has no iat, which an OIDC token must have and Convex's client computes its refresh from.", format!("{}: add iat, the time of issue", facts.place()))
    })
}
