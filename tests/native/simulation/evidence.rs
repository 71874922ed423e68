//! Which skews the tokens that a session has seen allow (H1): an account of its own, by the rules of `tokens.md`.

/// Server clock less wall clock lies in `[low, high]`.
#[derive(Clone, Copy, Default, Debug)]
pub struct Evidence {
    low: Option<i64>,
    high: Option<i64>,
}

impl Evidence {
    /// "Any token seen at local time t gives δ ≥ iat − t." "A token known to be minted inside a forced call [t0, t1] gives δ ∈ [iat − t1, iat + 1 − t0]."
    pub fn sample(&mut self, iat: i64, minted_since: Option<i64>, now: i64) {
        self.narrow(iat - now, minted_since.map(|asked| iat + 1_000 - asked));
    }

    fn narrow(&mut self, low: i64, high: Option<i64>) {
        let l = self.low.map_or(low, |l| l.max(low));
        let h = match (self.high, high) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        // "Empty intersection = clock stepped, start over."
        (self.low, self.high) = if h.is_some_and(|h| l > h) { (Some(low), high) } else { (Some(l), h) };
    }

    /// The skew by which a token expires last. "Assume δ = 0 until evidence contradicts it."
    pub fn low(&self) -> i64 {
        self.low.unwrap_or(0)
    }
}
