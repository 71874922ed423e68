//! What a failed exchange means for the next one: Instant's error bodies, read once, here.

use crate::core::text::contains;

/// What came back instead of a session. Text only: no body, no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answer<'a> {
    /// The HTTP status; 0 when there was no answer at all.
    pub status: u16,
    /// `type` of the body.
    pub kind: &'a str,
    /// `message` or, for OAuth errors, `error` of the body.
    pub text: &'a str,
    /// `hint.record-type` of the body.
    pub record: &'a str,
    /// A session was sent along with the identity token.
    pub attached: bool,
    /// How long the server asked to be left alone, in milliseconds; 0 when it did not say.
    pub retry_after_ms: i64,
}

/// Why an exchange failed, as far as the bridge acts differently on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The network, a proxy, a rate limit: the same exchange may work later.
    Transient {
        /// At least this long, in milliseconds.
        after_ms: i64,
    },
    /// The identity token had expired by the server's clock (it allows no leeway): a new one, once.
    Expired,
    /// `unknown`: the server answers this when its clock is behind the issuer's, and when it is broken.
    Unknown,
    /// The session that was attached is not live any more: once more without it.
    StaleSession,
    /// The server has not seen the issuer's newest key, or could not read its configuration: once more, a little later.
    KeyMissing,
    /// The provider had no token although somebody is signed in (Clerk, right after a sign-in).
    NoToken,
    /// A configuration that somebody has to change.
    Permanent,
}

impl Failure {
    /// Reads an answer. The texts are those of the server's revision named in the protocol note; an unknown one is permanent.
    pub fn of(answer: &Answer<'_>) -> Self {
        let after_ms = answer.retry_after_ms.clamp(0, 3_600_000);
        match answer.status {
            0 | 408 | 425 | 429 | 502 | 503 | 504 => return Self::Transient { after_ms },
            500.. => return Self::Unknown,
            _ => {}
        }
        if contains(answer.text, "Token is expired") {
            Self::Expired
        } else if answer.attached && answer.kind == "record-not-found" && answer.record == "app-user" {
            Self::StaleSession
        } else if contains(answer.text, "Could not find signing key") || contains(answer.text, "Unable to fetch OAuth configuration") {
            Self::KeyMissing
        } else {
            Self::Permanent
        }
    }
}
