//! The rules that every token is held against; what differs between backends is data ([`Lint`]).

use crate::core::finding::{Clock, Facts, Finding, IssuerRule, Lint, Maker, Moment, kind, quoted};

/// Seconds of the year 5138: a larger time is in milliseconds.
const MAX_SECONDS: i64 = 100_000_000_000;

/// `alg`, and what the header asks of verifiers.
pub fn algorithm(facts: &Facts, backend: Option<&Lint>) -> Option<Finding> {
    let fix = || match facts.maker() {
        Maker::ClerkSession | Maker::ClerkTemplate => "Clerk dashboard > JWT templates > this template: turn Custom signing key off, so that it is signed with RS256",
        Maker::Auth0 => "Auth0 dashboard > Applications > APIs > this API > Settings > Signing Algorithm: RS256",
        Maker::Other => "Have your identity provider sign with RS256",
    };
    let Some(alg) = facts.head("alg") else {
        return Some(Finding::bad("alg_missing", "the header has no alg.", fix()));
    };
    if alg.eq_ignore_ascii_case("none") {
        return Some(Finding::bad("alg_none", "the token is not signed (alg none).", fix()));
    }
    if facts.header.contains_key("crit") {
        return Some(Finding::bad("header_crit", "the header has crit: it asks verifiers to understand an extension, and they refuse what they do not know.", "Have the issuer leave crit out"));
    }
    let backend = backend?;
    (!backend.algorithms.contains(&alg)).then(|| {
        let message = format!("the token is signed with {}; {} verifies {}.", quoted(alg), backend.name, backend.algorithms.join(", "));
        Finding::bad("alg_unsupported", message, fix())
    })
}

/// As a backend that is not particular compares them.
fn bare(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer).trim_end_matches('/')
}

/// `iss`.
pub fn issuer(facts: &Facts, backend: Option<&Lint>) -> Option<Finding> {
    let place = backend.map_or("the expected issuer", |b| b.issuer_place);
    let rule = backend.map_or(IssuerRule::ExactIfPresent, |b| b.issuer);
    let iss = match facts.claims.get("iss") {
        None if rule == IssuerRule::ExactIfPresent => return None,
        None => return Some(Finding::bad("iss_missing", "the token has no iss.", format!("{}: add iss, equal to {place}", facts.place()))),
        Some(value) => match value.as_str() {
            Some(text) => text,
            None => return Some(Finding::bad("iss_type", format!("iss is {}, not a text.", kind(value)), format!("{}: make iss the issuer's URL", facts.place()))),
        },
    };
    let wanted = facts.expect.issuer.as_deref()?;
    if iss == wanted || (rule == IssuerRule::Loose && bare(iss) == bare(wanted)) {
        return None;
    }
    if iss.trim_end_matches('/') == wanted.trim_end_matches('/') {
        let message = format!("iss is {}, this client says issuer {}: they differ in the slash at the end.", quoted(iss), quoted(wanted));
        return Some(Finding::bad("iss_slash", message, format!("Set {place} to {}, slash and all (Auth0's issuers end with one, Clerk's do not)", quoted(iss))));
    }
    let message = format!("iss is {}, this client says issuer {}.", quoted(iss), quoted(wanted));
    Some(Finding::bad("iss_mismatch", message, format!("The token is of another instance: are keys of development and production mixed? If it is the right one, set {place} to {}", quoted(iss))))
}

/// `kid`, where it is there.
pub fn key_id(facts: &Facts) -> Option<Finding> {
    let value = facts.header.get("kid")?;
    (!value.is_string()).then(|| Finding::bad("kid_type", format!("kid is {}, not a text.", kind(value)), "Have the issuer name its key with a text"))
}

fn ago(seconds: i64) -> String {
    match seconds {
        0..=180 => format!("{seconds} s"),
        181..=10_800 => format!("{} min", seconds / 60),
        10_801..=259_200 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `exp`, `nbf`, `iat`.
pub fn times(facts: &Facts, clock: Clock) -> Vec<Finding> {
    let mut out = Vec::new();
    let now = facts.now.div_euclid(1_000);
    let mut at = |name: &'static str, code: &'static str| {
        let moment = facts.moment(name);
        if clock.integers_only {
            return match moment {
                Moment::Seconds(s) => Some(s),
                _ => None,
            };
        }
        if let (Moment::Odd(_), Some(value)) = (moment, facts.claims.get(name)) {
            out.push(Finding::bad(code, format!("{name} is {}, not a number.", kind(value)), format!("Have the issuer write {name} as a whole number of seconds since 1970")));
        }
        moment.seconds()
    };
    let exp = at("exp", "exp_type");
    let nbf = at("nbf", "nbf_type");
    let iat = at("iat", "iat_type");
    if [exp, nbf, iat].into_iter().flatten().any(|s| s > MAX_SECONDS) {
        out.push(Finding::bad("time_milliseconds", "a time in the token is in milliseconds; JWT times are seconds.", "Divide by 1000 where the token is made"));
        return out;
    }
    match exp {
        None if clock.needs_exp && !facts.claims.contains_key("exp") => {
            out.push(Finding::bad("exp_missing", "the token has no exp.", format!("{}: give it a lifetime", facts.place())));
        }
        None if !facts.claims.contains_key("exp") => {
            out.push(Finding::note("exp_never", "the token has no exp: whoever gets hold of it has it for ever.", "Give it a lifetime; a minute is usual, the session refreshes it"));
        }
        Some(exp) if now >= exp.saturating_add(clock.exp) => out.push(Finding::bad(
            "expired",
            format!("the token expired {} ago by the clock of this device.", ago(now.saturating_sub(exp))),
            "If it happens once, the session has fetched a new one since. If it stays: the provider hands out old tokens, or the clock of this device is ahead",
        )),
        _ => {}
    }
    let ahead = |time: Option<i64>, leeway: Option<i64>| time.zip(leeway).map(|(time, leeway)| time.saturating_sub(leeway).saturating_sub(now)).filter(|left| *left > 0);
    let fix = "The clock of this device, of the issuer or of the server is off. At Clerk, JWT templates > Allowed clock skew moves nbf back; Hasura has \"allowed_skew\": 5";
    if let Some(left) = ahead(nbf, clock.nbf) {
        out.push(Finding::bad("not_yet_valid", format!("the token is valid from {} in the future by the clock of this device (nbf).", ago(left)), fix));
    } else if let Some(left) = ahead(iat, clock.iat) {
        out.push(Finding::bad("issued_in_future", format!("the token was issued {} in the future by the clock of this device (iat).", ago(left)), fix));
    }
    out
}

/// What a token in order looks like, in one line.
pub fn summary(facts: &Facts) -> String {
    let plain = |text: &str| quoted(text).trim_matches('"').to_owned();
    let mut parts = Vec::new();
    parts.push(facts.text("iss").map_or("no iss".to_owned(), |iss| format!("iss {}", plain(iss))));
    let audiences: Vec<String> = facts.audiences().into_iter().take(4).map(plain).collect();
    parts.push(if audiences.is_empty() { "no aud".to_owned() } else { format!("aud {}", audiences.join(" and ")) });
    parts.extend(facts.head("alg").map(plain));
    parts.push(facts.life().map_or("no lifetime".to_owned(), |life| if life <= 600 { format!("{life} s") } else { ago(life) }));
    parts.join(", ")
}
