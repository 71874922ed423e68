//! Fauna answers HTTP 401 `unauthorized`, one message for every cause, before anything runs (server source, May 2025).
//! A forbidden write is 400 `permission_denied` and a forbidden read is no error at all: neither is about the token.

use crate::core::http::{Head, Reading, by_status};

/// 401 is curable by a new token, whatever the cause; nothing else is.
pub fn classify(head: &Head) -> Reading {
    by_status(head)
}
