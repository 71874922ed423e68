//! What the end of a socket means.

use crate::core::text::contains;
use crate::link::Close;

/// Hasura's codes (engine v2 source). `words`: the reason, or what `connection_error` said before.
pub fn hasura(code: u16, words: &str) -> Close {
    match code {
        4403 => Close::Refused,
        // Before v2.30, and on the legacy protocol: `connection_init` failed, and the reason says why.
        4400 if contains(words, "onnection initialization failed") => Close::Refused,
        // It did not understand what we sent, and says so in the reason: `{"server_error_msg":"4400: start received before ..."}`.
        1000 if contains(words, "4400:") => Close::Doubtful,
        1000 => Close::Normal,
        // 1006: cut at the token's `exp`, or the network. 1012: a restart or a change of configuration. 4499: closed by us, because it froze.
        1001 | 1005 | 1006 | 1011 | 1012 | 1013 | 1014 | 4408 | 4499 | 4500 | 4504 => Close::Passing,
        // The subprotocol, or the certificate.
        4406 | 1015 => Close::Fatal,
        _ => Close::Doubtful,
    }
}

/// The codes of npm graphql-ws (6.4): which are reported at once, and which are tried again.
pub fn standard(code: u16) -> Close {
    match code {
        1000 => Close::Normal,
        1001 | 1005 | 1006 | 1012 | 1013 | 1014 => Close::Passing,
        1002..=1999 | 4500 | 4005 | 4400 | 4004 | 4401 | 4406 | 4409 | 4429 => Close::Fatal,
        _ => Close::Passing,
    }
}
