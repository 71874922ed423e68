//! A limit per minute, so that no provider, clock or server can make a refresh storm (H13).

use crate::core::time::{DurationMs, UnixMillis};

/// At most so many in any minute.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    spent: Vec<UnixMillis>,
}

impl Budget {
    /// Whether one more may be spent now.
    pub fn has(&mut self, limit: u32, now: UnixMillis) -> bool {
        // A wall clock that was set back would freeze the window; entries from the future are forgotten instead.
        self.spent.retain(|at| *at <= now && now - *at < DurationMs::seconds(60));
        (self.spent.len() as u32) < limit
    }

    /// Spends one.
    pub fn spend(&mut self, now: UnixMillis) {
        self.spent.push(now);
    }
}
