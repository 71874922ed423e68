//! A limit per minute, so that no provider, clock or server can make a refresh storm (H13).

use crate::core::time::{DurationMs, Mono};

/// At most so many in any minute. A minute that passes: setting the wall clock earns nothing.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    spent: Vec<Mono>,
}

impl Budget {
    /// Whether one more may be spent now.
    pub fn has(&mut self, limit: u32, now: Mono) -> bool {
        self.spent.retain(|at| now - *at < DurationMs::seconds(60));
        (self.spent.len() as u32) < limit
    }

    /// Spends one.
    pub fn spend(&mut self, now: Mono) {
        self.spent.push(now);
    }
}
