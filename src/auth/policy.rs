//! The constants of DESIGN.md §4 and `tokens.md` §7, each an option.

use crate::core::time::DurationMs;

/// How the token manager decides. See each field for its default.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long a caller waits. Default 10 s: Clerk may retry for 162 s, and no page waits that long.
    pub timeout: DurationMs,
    /// Lead before expiry at which a token is refreshed. Default by life, see [`Policy::lead`].
    pub lead: Option<DurationMs>,
    /// Least that must be left of a token handed out. Default by life, see [`Policy::margin`].
    pub margin: Option<DurationMs>,
    /// Life of a readable token without `exp`. Default 60 s.
    pub fallback_ttl: DurationMs,
    /// Life of an opaque token. Default 30 s: the provider has a cache of its own.
    pub opaque_ttl: DurationMs,
    /// Forced provider calls per minute and key. Default 6.
    pub forced_per_minute: u32,
    /// Forced provider calls per minute, all keys. Default 30.
    pub forced_per_minute_all: u32,
    /// First wait after a failure of the provider; doubled per failure, give or take a quarter. Default 0.5 s.
    pub backoff: DurationMs,
    /// Longest wait after a failure of the provider. Default 60 s.
    pub backoff_max: DurationMs,
    /// After this long a flight that has not settled no longer keeps a second one from starting (H8). Default 15 s. Not the 30 s of tokens.md: whoever
    /// waited for it has given up after 10 s, and the next press of a button must not wait for the same answer again.
    pub stuck: DurationMs,
    /// Keep nothing: every read asks the provider (`countersign/server`). Default false.
    pub uncached: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timeout: DurationMs::seconds(10),
            lead: None,
            margin: None,
            fallback_ttl: DurationMs::seconds(60),
            opaque_ttl: DurationMs::seconds(30),
            forced_per_minute: 6,
            forced_per_minute_all: 30,
            backoff: DurationMs(500),
            backoff_max: DurationMs::seconds(60),
            stuck: DurationMs::seconds(15),
            uncached: false,
        }
    }
}

/// Longest time a timer is set for: later deadlines are looked at again then (H2).
pub const TIMER_CAP: DurationMs = DurationMs::seconds(60);
/// The same while nobody sees the page.
pub const TIMER_CAP_HIDDEN: DurationMs = DurationMs::seconds(600);
/// A session that is never told who is signed in says so once, after this long.
pub const UNTOLD: DurationMs = DurationMs::seconds(30);
/// The clocks have drifted this far apart between two looks: the machine slept, or somebody set its clock (H3).
pub const JUMP: DurationMs = DurationMs::seconds(2);
/// So many keys are renewed ahead of need at once (H12).
pub const ABREAST: usize = 2;

impl Policy {
    /// min(clamp(0.2 x life, 2 s, 60 s), life / 4).
    pub fn lead(&self, life: DurationMs) -> DurationMs {
        let quarter = life.0 / 4;
        DurationMs(self.lead.map_or((life.0 / 5).clamp(2_000, 60_000), |d| d.0).min(quarter).max(0))
    }

    /// min(2 s + p95 of the provider's latency, life / 8).
    pub fn margin(&self, life: DurationMs, latency: DurationMs) -> DurationMs {
        DurationMs(self.margin.map_or(2_000 + latency.0.clamp(0, 5_000), |d| d.0).min(life.0 / 8).max(0))
    }

    /// Shortest time between two refreshes of a key: min(5 s, life / 4).
    pub fn interval(&self, life: DurationMs) -> DurationMs {
        DurationMs((life.0 / 4).clamp(0, 5_000))
    }
}
