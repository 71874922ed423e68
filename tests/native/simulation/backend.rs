//! Backends as texts and statuses, with what each of them means for the token: written from the backends' own documents (`src/backends/*` names
//! them), not from the classifiers, which really run on them.

use countersign::backends;
use countersign::core::http::{Backend, GENERIC, Reading};

use super::step::Reply;

/// What a response says about the token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says {
    /// Nothing.
    Fine,
    /// A new one would do.
    Renew,
    /// A new one would not.
    Refused,
    /// The same one will do, later.
    Later,
}

/// One response.
#[derive(Clone, Copy, Debug)]
pub struct Response {
    pub status: u16,
    pub body: &'static str,
    /// Whether its body has to be read before it is clear what it says.
    pub read: bool,
    pub says: Says,
}

/// The caller's own classifier reads the response, and says what it found in an event of its own.
static CUSTOM: Backend = Backend { name: "custom", classify: |_| Reading::More };

pub const COUNT: u8 = 6;
pub const OWN: u8 = 5;

pub fn backend(n: u8) -> &'static Backend {
    match n % COUNT {
        0 => &GENERIC,
        1 => backends::named("fauna"),
        2 => backends::named("hasura"),
        3 => backends::named("convex"),
        4 => backends::named("instant"),
        _ => &CUSTOM,
    }
}

/// How a backend words a reply. `Truth` was decided before.
pub fn response(backend: u8, reply: Reply) -> Response {
    let plain = |status, says| Response { status, body: "", read: false, says };
    let read = |status, body, says| Response { status, body, read: true, says };
    match (backend % COUNT, reply) {
        (0 | 1, Reply::Curable) => plain(401, Says::Renew),
        (0 | 1, Reply::Incurable) => plain(403, Says::Fine),
        (0 | 1, Reply::Broken) => plain(503, Says::Fine),
        (0 | 1, _) => plain(200, Says::Fine),
        (2, Reply::Curable) => read(200, r#"{"errors":[{"message":"Could not verify JWT: JWTExpired","extensions":{"code":"invalid-jwt"}}]}"#, Says::Renew),
        (2, Reply::Incurable) => read(200, r#"{"errors":[{"message":"Could not verify JWT: JWTNotInAudience","extensions":{"code":"invalid-jwt"}}]}"#, Says::Refused),
        (2, Reply::Wait) => read(200, r#"{"errors":[{"message":"Could not verify JWT: JWTIssuedAtFuture","extensions":{"code":"invalid-jwt"}}]}"#, Says::Later),
        (2, Reply::Broken) => read(502, "<html>bad gateway", Says::Fine),
        (2, Reply::Garbled) => read(200, r#"{"errors":[{"messa"#, Says::Fine),
        (2, _) => read(200, r#"{"data":{"a":1}}"#, Says::Fine),
        (3, Reply::Curable) => read(401, r#"{"code":"TokenExpired","message":"x"}"#, Says::Renew),
        (3, Reply::Incurable) => read(401, r#"{"code":"NoAuthProvider","message":"x"}"#, Says::Refused),
        (3, Reply::Garbled) => read(401, "{", Says::Refused),
        (3, Reply::Broken) => plain(500, Says::Fine),
        (3, _) => plain(200, Says::Fine),
        (4, Reply::Curable | Reply::Incurable) => plain(400, Says::Fine),
        (4, Reply::Broken) => plain(500, Says::Fine),
        (4, _) => plain(200, Says::Fine),
        (_, Reply::Curable) => read(401, "", Says::Renew),
        (_, Reply::Incurable) => read(401, "", Says::Refused),
        (_, Reply::Broken) => read(503, "", Says::Fine),
        (_, _) => read(200, "", Says::Fine),
    }
}
