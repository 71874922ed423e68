//! What Fauna asks of a token (server source, May 2025). Every failure is the same 401 `unauthorized` there, so this is the only place that can tell.

use crate::core::finding::{Clock, Facts, Finding, IssuerRule, Lint, Maker, Moment, quoted};

/// Hard-coded in the server, self-hosted ones included.
const PREFIX: &str = "https://db.fauna.com/db/";
/// z-base-32, as the database's global id is written: 13 characters.
const ALPHABET: &str = "ybndrfg8ejkmcpqxot1uwisza345h769";
/// All request headers together may have this much.
const LIMIT: usize = 8 * 1024;
/// What a browser sends beside the token, and what nobody leaves out.
const BESIDE: usize = 1024;
const LEAST: usize = 200;
const AUDIENCE: &str = "AccessProvider.byName(...).audience in your database";

/// Fauna's.
pub const LINT: Lint = Lint {
    name: "fauna",
    algorithms: &["RS256", "RS384", "RS512"],
    issuer_place: "the `issuer` of the access provider in your database",
    issuer: IssuerRule::Exact,
    clock: Clock { exp: 0, nbf: Some(0), iat: None, needs_exp: false, integers_only: true },
    rules: &[audience, fraction, key_id, size],
};

fn set_audience(facts: &Facts, value: &str) -> String {
    match facts.maker() {
        Maker::ClerkSession => format!("Clerk's session token has no `aud`: name a JWT template in the session's `templates` (templates: {{ fauna: 'fauna' }}) whose claims have \"aud\": {value}"),
        Maker::Auth0 => format!("Auth0 dashboard > Applications > APIs: an API whose identifier is {value}; then templates: {{ fauna: {{ audience }} }} with that identifier"),
        _ => format!("{}: set the aud claim to {value}", facts.place()),
    }
}

fn audience(facts: &Facts) -> Option<Finding> {
    let all = facts.audiences();
    let ours: Vec<&str> = all.iter().copied().filter(|aud| aud.starts_with(PREFIX)).collect();
    let said = facts.expect.audience.as_deref();
    // What no token can be right with is not what the token is held against.
    let wanted = said.filter(|said| said.starts_with(PREFIX));
    if let Some(wanted) = wanted.filter(|wanted| !all.is_empty() && !all.contains(wanted)) {
        let message = format!("aud is {}, this client says audience {}.", facts.shown_audience(), quoted(wanted));
        return Some(Finding::bad("fauna_audience_mismatch", message, set_audience(facts, &quoted(wanted))));
    }
    match ours.as_slice() {
        [] => {
            let value = wanted.map_or_else(|| format!("\"{PREFIX}<id>\" ({AUDIENCE})"), quoted);
            let message = if all.is_empty() {
                "the token has no aud.".to_owned()
            } else {
                format!("aud is {}, and no entry begins with {PREFIX} (self-hosted servers ask for it too).", facts.shown_audience())
            };
            let client = said.filter(|_| wanted.is_none()).map_or_else(String::new, |said| format!(". The `audience` of this client is to be the same; it is {}", quoted(said)));
            Some(Finding::bad("fauna_audience_missing", message, set_audience(facts, &value) + &client))
        }
        [_] if said != wanted => Some(Finding::bad(
            "fauna_audience_expected",
            format!("this client says audience {}, and Fauna's begin with {PREFIX}.", said.map_or_else(String::new, quoted)),
            format!("Give the client the value of {AUDIENCE}"),
        )),
        [one] => {
            let id = one.get(PREFIX.len()..).unwrap_or_default();
            let known = wanted == Some(*one) || (id.len() == 13 && id.chars().all(|c| ALPHABET.contains(c)));
            (!known).then(|| {
                let message = format!("aud is {}, and what follows {PREFIX} is not the id of a database (13 characters of {ALPHABET}).", quoted(one));
                Finding::bad("fauna_audience_id", message, format!("Copy it from {AUDIENCE}. {}", set_audience(facts, "that value")))
            })
        }
        _ => Some(Finding::bad(
            "fauna_audience_several",
            format!("aud names {} databases ({}); Fauna accepts a token for exactly one.", ours.len(), facts.shown_audience()),
            format!("{}: leave one entry that begins with {PREFIX}", facts.place()),
        )),
    }
}

fn fraction(facts: &Facts) -> Option<Finding> {
    let ignored = |moment| matches!(moment, Moment::Fraction(_) | Moment::Odd(_));
    ignored(facts.moment("exp")).then(|| {
        Finding::note("fauna_exp_ignored", "exp is not an integer; Fauna reads such a token as one that never expires.", "Issue exp as a whole number of seconds")
    })
}

fn key_id(facts: &Facts) -> Option<Finding> {
    facts.head("kid").is_none().then(|| {
        Finding::note("fauna_no_kid", "the header has no kid; Fauna then accepts the token only while the issuer publishes a single key.", "Let the issuer name its key (kid), so that keys can rotate")
    })
}

/// Above the limit Fauna answers 400 before it looks at the token: what may still pass is no reason for a 401.
fn size(facts: &Facts) -> Option<Finding> {
    let fix = || format!("{}: leave out what Fauna's roles do not read", facts.place());
    let code = "fauna_too_large";
    if facts.size > LIMIT - LEAST {
        let message = format!("the token has {} bytes; Fauna refuses a request whose headers have more than 8 KiB together.", facts.size);
        return Some(Finding::bad(code, message, fix()));
    }
    (facts.size > LIMIT - BESIDE).then(|| {
        let message = format!("the token has {} bytes; with what a browser sends beside it that comes close to the 8 KiB which Fauna takes.", facts.size);
        Finding::note(code, message, fix())
    })
}
