//! The doctor: says what is wrong with a token before a server says no more than 401, and where to change it.
//!
//! `read` turns text into facts, `rules` and the backends' own rules look at them, `keys` checks the signature.
//! Nothing that it says contains the token, its signature, or a claim other than `iss`, `aud`, `sub`, `exp`, `kid` and `alg`.

mod base64;
mod keys;
mod read;
mod rules;

pub use keys::verify;

use crate::core::finding::{Clock, Expect, Facts, Finding, Lint};

/// Every backend that this build has rules for.
pub const BACKENDS: &[&Lint] = &[
    #[cfg(feature = "fauna")]
    &crate::backends::fauna::lint::LINT,
    #[cfg(feature = "hasura")]
    &crate::backends::hasura::lint::LINT,
    #[cfg(feature = "instant")]
    &crate::backends::instant::lint::LINT,
    #[cfg(feature = "convex")]
    &crate::backends::convex::lint::LINT,
];

/// The rules of a backend.
pub fn named(name: &str) -> Option<&'static Lint> {
    BACKENDS.iter().copied().find(|lint| lint.name == name)
}

/// For a token whose destination is not known.
const ANYWHERE: Clock = Clock { exp: 0, nbf: Some(5), iat: Some(60), needs_exp: false, integers_only: false };

/// Looks at a token. `now`: milliseconds since the epoch. What cannot work comes first and in the order in which it is worth changing:
/// configuration before the accidents of the moment.
pub fn lint(token: &str, backend: Option<&Lint>, expect: &Expect, now: i64) -> Vec<Finding> {
    let read = match read::read(token) {
        Ok(read) => read,
        Err(said) => return named_for(backend, said),
    };
    let facts = Facts { header: &read.header, claims: &read.claims, now, expect, size: read.token.len() };
    let mut said = read.wrapping;
    said.extend(rules::algorithm(&facts, backend));
    said.extend(rules::key_id(&facts));
    match backend {
        Some(backend) => {
            said.extend(rules::issuer(&facts, Some(backend)));
            said.extend(backend.rules.iter().filter_map(|rule| rule(&facts)));
        }
        None => {
            said.extend(rules::issuer(&facts, None));
            said.extend(audience(&facts));
        }
    }
    said.extend(read.spelling);
    said.extend(rules::times(&facts, backend.map_or(ANYWHERE, |b| b.clock)));
    if said.iter().all(|finding| finding.ok) {
        said.insert(0, Finding::good("ok", rules::summary(&facts)));
    }
    named_for(backend, bad_first(said))
}

/// A note is read after what must be changed; the order among equals stays. (A stable sort is five kilobytes of code.)
fn bad_first(said: Vec<Finding>) -> Vec<Finding> {
    let (mut bad, good): (Vec<_>, Vec<_>) = said.into_iter().partition(|finding| !finding.ok);
    bad.extend(good);
    bad
}

fn named_for(backend: Option<&Lint>, mut said: Vec<Finding>) -> Vec<Finding> {
    if let Some(backend) = backend {
        for finding in &mut said {
            finding.message = format!("{}: {}", backend.name, finding.message);
        }
    }
    said
}

/// Without a backend there is only what the caller expects.
fn audience(facts: &Facts) -> Option<Finding> {
    let wanted = facts.expect.audience.as_deref()?;
    (!facts.audiences().contains(&wanted)).then(|| {
        let message = format!("aud is {}, this client says audience {}.", facts.shown_audience(), crate::core::finding::quoted(wanted));
        Finding::bad("aud_mismatch", message, format!("{}: set aud to it, or ask the provider for that audience", facts.place()))
    })
}
