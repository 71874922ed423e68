//! What a backend says about the token that a request carried.

use super::time::DurationMs;

/// The beginning of a response, as far as it has been read.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The first text of the body; empty while unread.
    pub text: &'a str,
    /// Whether `text` is all there is to be read (the end, or the limit of 64 KB).
    pub complete: bool,
    /// Whether a body was read at all.
    pub read: bool,
}

/// What to do about a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing is wrong with the token: hand the response over.
    Ok,
    /// A new token would cure it: refresh, and replay once.
    Refresh,
    /// The clocks disagree by a little: send the same token again after a pause.
    Wait(DurationMs),
    /// The token is refused and a new one would be too: hand the response over, somebody must change something.
    Fail,
}

/// The answer of a classifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// That is it.
    Decided(Verdict),
    /// More of the body is needed.
    More,
}

/// How one backend takes its token, and how it says that it was refused.
#[derive(Clone, Copy)]
pub struct Backend {
    /// Its name, as used in options and errors.
    pub name: &'static str,
    /// Reads a response. Called first without a body (`read` false), then with what has been read so far, until it decides.
    pub classify: fn(&Head) -> Reading,
}

/// A backend nobody told us about: 401 says that the token was refused.
pub const GENERIC: Backend = Backend { name: "", classify: by_status };

/// The rule of RFC 9110 §15.5.2: 401 means the credentials were not good enough; anything else is not about them.
pub fn by_status(head: &Head) -> Reading {
    Reading::Decided(if head.status == 401 { Verdict::Refresh } else { Verdict::Ok })
}
