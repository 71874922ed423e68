//! One machine on a bench: events in by hand, every effect out, at a time that only the test moves.

use countersign::backends::fauna::stream::{Cause, Effect, Event, Policy, Stream, Via};
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};

pub const STREAM: Policy =
    Policy { via: Via::Stream, first_attempts: 3, attempts: None, max_backoff: DurationMs::seconds(20), query: false };
pub const QUERY: Policy = Policy { query: true, ..STREAM };
pub const FEED: Policy = Policy { via: Via::Feed(DurationMs::seconds(10)), ..STREAM };

pub struct Bench {
    pub stream: Stream,
    /// Monotonic milliseconds; the wall clock is the same and an hour, if nobody set `wall`.
    pub now: i64,
    pub wall: i64,
    pub random: f64,
}

impl Bench {
    pub fn new(policy: Policy) -> Self {
        Self { stream: Stream::new(policy), now: 1_000, wall: 3_600_000, random: 0.5 }
    }

    /// Started, and connecting as number 1.
    pub fn connecting(policy: Policy) -> Self {
        let mut bench = Self::new(policy);
        bench.tell(Event::Start);
        bench
    }

    /// Open as number 1, and the first event just heard.
    pub fn open(policy: Policy) -> Self {
        let mut bench = Self::connecting(policy);
        bench.tell(Event::Heard(1));
        bench
    }

    pub fn tell(&mut self, event: Event) -> Vec<Effect> {
        self.queue(event);
        std::iter::from_fn(|| self.stream.poll()).collect()
    }

    /// Tells it, and takes no effect out.
    pub fn queue(&mut self, event: Event) {
        let now = Now { wall: UnixMillis(self.wall + self.now), mono: Mono(self.now) };
        self.stream.handle(event, now, self.random);
    }

    /// The same, this much later.
    pub fn after(&mut self, ms: i64, event: Event) -> Vec<Effect> {
        self.now += ms;
        self.tell(event)
    }
}

pub fn wake(ms: i64) -> Effect {
    Effect::WakeIn(Some(DurationMs(ms)))
}

pub fn wait(ms: i64, cause: Cause) -> Effect {
    Effect::Wait(DurationMs(ms), cause)
}

pub const NO_TIMER: Effect = Effect::WakeIn(None);
