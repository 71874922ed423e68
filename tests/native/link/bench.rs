//! One machine, two clocks, one timer, and nothing that happens by itself.

use countersign::link::{Cause, Close, Effect, Event, Kind, Link, Pauses, Policy, Status};
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};

/// As `HasuraClient` is by default, but that an unused socket is kept for three seconds.
pub const OURS: Policy = Policy {
    attempts: None,
    pauses: Pauses::Ours,
    tokens: true,
    idle: Some(DurationMs::seconds(3)),
    connect: DurationMs::seconds(10),
    ack: DurationMs::seconds(10),
    ping: DurationMs::seconds(15),
    dead: true,
};

/// As npm graphql-ws is by default.
pub const STANDARD: Policy = Policy {
    attempts: Some(5),
    pauses: Pauses::Theirs,
    tokens: false,
    idle: Some(DurationMs::ZERO),
    connect: DurationMs::ZERO,
    ack: DurationMs::ZERO,
    ping: DurationMs::ZERO,
    dead: false,
};

/// How long the tokens of these tests live.
pub const LIFE: Option<DurationMs> = Some(DurationMs::seconds(60));

pub fn live(id: u32) -> Event {
    Event::Subscribe(id, Kind::Live)
}

pub fn once(id: u32) -> Event {
    Event::Subscribe(id, Kind::Once)
}

pub fn passing(id: u32) -> Event {
    Event::Closed(id, Close::Passing)
}

pub struct Bench {
    pub link: Link,
    pub now: i64,
    pub wall: i64,
    pub random: f64,
    /// Every status that was told, and the pause in milliseconds.
    pub said: Vec<(Status, i64)>,
    /// When the timer goes off.
    pub alarm: Option<i64>,
}

impl Bench {
    pub fn new(policy: Policy) -> Self {
        Self { link: Link::new(policy), now: 1_000_000, wall: 1_700_000_000_000, random: 0.5, said: Vec::new(), alarm: None }
    }

    /// Subscription 1 gets its results on socket 1.
    pub fn ready(policy: Policy) -> Self {
        let mut bench = Self::new(policy);
        bench.tell(live(1));
        bench.acked(1);
        bench.tell(Event::Arrived(1, 1));
        bench
    }

    /// Fifty seconds later socket 2 is acknowledged too, and nothing has caught up there.
    pub fn rotating(policy: Policy) -> Self {
        let mut bench = Self::ready(policy);
        bench.rotate(1);
        bench
    }

    /// Time goes by on a socket on which the server pings.
    pub fn hear(&mut self, id: u32, ms: i64) {
        let end = self.now + ms;
        while self.now < end {
            assert_eq!(self.tell(Event::Heard(id)), []);
            let step = (end - self.now).min(5_000);
            assert_eq!(self.pass(step), []);
        }
        assert_eq!(self.tell(Event::Heard(id)), []);
    }

    /// The same up to the end, at which it says nothing.
    pub fn hear_quietly(&mut self, id: u32, ms: i64) {
        assert_eq!(self.pass(ms / 2), []);
        self.tell(Event::Heard(id));
        assert_eq!(self.pass(ms - ms / 2), []);
    }

    /// There is a better token than that of this socket, and the next socket is acknowledged.
    pub fn rotate(&mut self, id: u32) -> Vec<Effect> {
        self.hear(id, 48_000);
        self.tell(Event::Renewed(id));
        assert_eq!(self.pass(2_000), [(1_000, Effect::Open(id + 1, Cause::Rotation))]);
        self.acked(id + 1)
    }

    /// What is to be done, without what is told and without the timer.
    pub fn tell(&mut self, event: Event) -> Vec<Effect> {
        if matches!(event, Event::Tick) {
            self.alarm = None;
        }
        self.link.handle(event, Now { wall: UnixMillis(self.wall), mono: Mono(self.now) }, self.random);
        let mut effects = Vec::new();
        while let Some(effect) = self.link.poll() {
            match effect {
                Effect::Status(status, wait) => self.said.push((status, wait.0)),
                Effect::WakeIn(wait) => self.alarm = wait.map(|wait| self.now + wait.0),
                _ => effects.push(effect),
            }
        }
        effects
    }

    pub fn acked(&mut self, id: u32) -> Vec<Effect> {
        self.acked_for(id, LIFE)
    }

    pub fn acked_for(&mut self, id: u32, left: Option<DurationMs>) -> Vec<Effect> {
        assert_eq!(self.tell(Event::Opened(id)), []);
        self.tell(Event::Acked(id, left))
    }

    /// Time goes by and the timer does not go off.
    pub fn skip(&mut self, ms: i64) {
        self.now += ms;
        self.wall += ms;
        self.alarm = self.alarm.map(|at| at.max(self.now));
    }

    pub fn after(&mut self, ms: i64, event: Event) -> Vec<Effect> {
        self.skip(ms);
        self.tell(event)
    }

    /// Time goes by, and the timer goes off when it is due: what is done, and after how long.
    pub fn pass(&mut self, ms: i64) -> Vec<(i64, Effect)> {
        let (start, end, mut ticks) = (self.now, self.now + ms, 0);
        let mut done = Vec::new();
        while let Some(at) = self.alarm.filter(|at| *at <= end) {
            self.skip(at - self.now);
            let effects = self.tell(Event::Tick);
            let after = self.now - start;
            done.extend(effects.into_iter().map(|effect| (after, effect)));
            ticks += 1;
            assert!(ticks < 1_000, "the timer goes off all the time");
        }
        self.skip(end - self.now);
        done
    }

    /// Until the timer says that something is to be done: what, and after how long.
    pub fn wait(&mut self) -> Vec<(i64, Effect)> {
        let start = self.now;
        while let Some(at) = self.alarm.filter(|at| *at <= start + 70_000) {
            let done = self.pass(at - self.now);
            if !done.is_empty() {
                return done.into_iter().map(|(_, effect)| (at - start, effect)).collect();
            }
        }
        Vec::new()
    }

    /// What was told since it was asked last.
    pub fn told(&mut self) -> Vec<(Status, i64)> {
        std::mem::take(&mut self.said)
    }
}
