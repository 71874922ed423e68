//! The page: it carries out what the machine says, reads, has a provider of tokens, two clocks, and a consumer that checks what it gets.

use crate::random::Random;
use crate::server::{Chunk, Kind, Mood, Server, Wire};
use countersign::backends::fauna::stream::{Effect, Event, Policy, Stream, Via};
use countersign::core::time::{Mono, Now, UnixMillis};
use std::collections::{BTreeMap, VecDeque};

/// The time limit that the host gives a query or a page of a feed.
const LIMIT: i64 = 10_000;
/// What the machine calls brief.
const BRIEF: i64 = 5_000;

pub struct Page {
    pub machine: Stream,
    pub policy: Policy,
    pub server: Server,
    pub random: Random,
    /// True time in milliseconds, and how much of it each clock did not see.
    pub now: i64,
    pub mono_lost: i64,
    pub wall_lost: i64,
    pub wire: Option<Wire>,
    limit: i64,
    /// By true time, as far as that clock goes on.
    pub timer: Option<i64>,
    pub last_id: u32,
    pub held: bool,
    pub hidden: bool,
    pub ended: bool,
    pub closed: bool,
    /// Tokens: how long they live, when the present one expires, and whether the provider answers.
    pub life: i64,
    expires: i64,
    pub provider: bool,
    renewed: bool,
    /// What the source begins after, and how far the consumer got.
    source: Option<u64>,
    cursor: Option<u64>,
    /// The next event, if it is known; and up to which one the consumer knows the data.
    next: Option<u64>,
    pub known: u64,
    /// One for each request, and what the model has seen.
    pub requests: u64,
    pub counts: BTreeMap<String, u64>,
    /// The model's own account, to tell whether an end is justified.
    first: Option<(i64, i64)>,
    proven: bool,
    waits: u32,
    refusals: u32,
}

impl Page {
    pub fn new(policy: Policy, life: i64, random: Random) -> Self {
        let server = Server { log: 1_000, floor: 0, mood: Mood::Well };
        let source = (!policy.query).then_some(server.log);
        Self {
            machine: Stream::new(policy),
            policy,
            known: server.log,
            server,
            random,
            now: 10_000_000,
            mono_lost: 10_000_000,
            wall_lost: -1_700_000_000_000,
            wire: None,
            limit: 0,
            timer: None,
            last_id: 0,
            held: false,
            hidden: false,
            ended: false,
            closed: false,
            life,
            expires: 0,
            provider: true,
            renewed: false,
            next: source.map(|source| source + 1),
            source,
            cursor: None,
            requests: 0,
            counts: BTreeMap::new(),
            first: None,
            proven: false,
            waits: 0,
            refusals: 0,
        }
    }

    fn mono(&self) -> i64 {
        self.now - self.mono_lost
    }

    fn wall(&self) -> i64 {
        self.now - self.wall_lost
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    pub fn over(&self) -> bool {
        self.ended || self.closed
    }

    /// Whether the connection that was heard first then has lasted, by the clock that says more.
    fn lasted(&self) -> bool {
        self.first.is_some_and(|(mono, wall)| (self.mono() - mono).max(self.wall() - wall) >= BRIEF)
    }

    fn unplug(&mut self) {
        if self.lasted() {
            self.refusals = 0;
        }
        (self.wire, self.first) = (None, None);
    }

    /// How often in a row it may fail.
    fn limit_of_waits(&self) -> Option<u32> {
        if self.proven { self.policy.attempts } else { Some(self.policy.first_attempts) }
    }

    pub fn tell(&mut self, event: Event) {
        let over = self.over();
        let refused = matches!(event, Event::Refused(_, "permission_loss" | "unauthorized" | "invalid_stream_start_time" | "stream_replay_volume_exceeded", _));
        if refused && !over {
            self.refusals = if self.lasted() { 0 } else { self.refusals + 1 };
        }
        if matches!(event, Event::Refused(..) | Event::Garbled(_) | Event::Ended(_) | Event::Dropped(_)) {
            self.unplug();
        }
        let random = self.random.below(1_000_000) as f64 / 1_000_000.0;
        self.machine.handle(event, Now { wall: UnixMillis(self.wall()), mono: Mono(self.mono()) }, random);
        while let Some(effect) = self.machine.poll() {
            assert!(!over, "{effect:?} after the end, by {event:?}");
            assert!(!self.ended, "{effect:?} after End, by {event:?}");
            self.carry_out(effect, event);
        }
        if refused && self.refusals >= 3 {
            assert!(self.over(), "refused {} times in a row", self.refusals);
        }
        self.rests(event);
        if std::mem::take(&mut self.renewed) {
            self.tell(Event::Renewed);
        }
    }

    fn carry_out(&mut self, effect: Effect, event: Event) {
        match effect {
            Effect::Source(id) => self.request(id, Kind::Source),
            Effect::Connect(id, cause) => {
                self.count(format!("Connect {cause:?}"));
                self.request(id, if self.policy.via == Via::Stream { Kind::Stream } else { Kind::Feed });
            }
            Effect::Abort(id) => {
                if self.wire.as_ref().is_some_and(|wire| wire.id == id) {
                    self.unplug();
                }
            }
            Effect::Open => self.count("Open"),
            Effect::Wait(time, cause) => {
                self.count(format!("Wait {cause:?}"));
                assert!(time.0 >= 0 && time <= self.policy.max_backoff, "{time:?}");
                self.waits += 1;
                assert!(self.limit_of_waits().is_none_or(|limit| self.waits < limit), "tried too often: {}", self.waits);
            }
            Effect::Resync => {
                self.count("Resync");
                // It reads everything anew, now.
                (self.cursor, self.known) = (None, self.server.log);
                let source = self.source.expect("Resync without a source");
                assert!(source <= self.known, "what is written between the reading and the source is lost");
                self.next = Some(source + 1);
            }
            Effect::WakeIn(time) => {
                let slop = self.random.pick(&[-1, 0, 0, 1, 15, 1_000]);
                assert!(time.is_none_or(|time| time.0 >= 0), "{time:?}");
                self.timer = time.map(|time| self.now + (time.0 + slop).max(0));
            }
            Effect::End => {
                self.ended = true;
                self.count("End");
                let justified = match event {
                    Event::Fatal(_) | Event::Refused(_, "invalid_request", _) => true,
                    Event::Refused(_, "unauthorized", _) | Event::Garbled(_) if !self.proven => true,
                    Event::Refused(_, "invalid_stream_start_time" | "stream_replay_volume_exceeded", _) if !self.policy.query => true,
                    _ => self.refusals >= 3 || self.limit_of_waits().is_some_and(|limit| self.waits + 1 >= limit),
                };
                assert!(justified, "ended by {event:?} after {} refusals and {} pauses", self.refusals, self.waits);
            }
        }
    }

    fn request(&mut self, id: u32, kind: Kind) {
        assert!(self.wire.is_none(), "two at once");
        assert!(id > self.last_id, "number {id} was used before");
        self.last_id = id;
        self.requests += 1;
        if self.provider && self.expires - self.now < self.life / 5 {
            self.mint();
        }
        let after = if kind == Kind::Source { 0 } else { self.cursor.unwrap_or_else(|| self.source.expect("connects without a source")) };
        let (expires, arrives, pipe) = (self.expires, Some(self.now + self.random.within(1, 400)), VecDeque::new());
        self.limit = self.now + LIMIT;
        let mut wire = Wire { id, kind, expires, after, arrives, status_at: 0, checked_at: 0, pipe, dead: false, closed: false };
        if expires <= self.now {
            // Without a token nothing is sent.
            wire.arrives = None;
            wire.push(self.now + 50, Chunk::Reset);
        }
        self.wire = Some(wire);
    }

    fn mint(&mut self) {
        self.expires = self.now + self.life;
        self.renewed = true;
    }

    /// There is always something to wait for.
    fn rests(&self, event: Event) {
        let wired = self.wire.as_ref().is_some_and(|wire| wire.kind != Kind::Stream || self.held);
        let feed = self.policy.via != Via::Stream && (self.held || self.hidden);
        assert!(self.over() || self.last_id == 0 || self.timer.is_some() || wired || feed, "waits for nothing, after {event:?}");
        if self.over() {
            assert!(self.wire.is_none() && self.timer.is_none(), "something is left, after {event:?}");
        }
    }

    /// Nobody listens any more. What the machine still says takes back what it started.
    pub fn close(&mut self) {
        let now = Now { wall: UnixMillis(self.wall()), mono: Mono(self.mono()) };
        self.machine.handle(Event::Close, now, 0.0);
        let effects: Vec<_> = std::iter::from_fn(|| self.machine.poll()).collect();
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Abort(_) | Effect::WakeIn(None))), "{effects:?} by Close");
        effects.into_iter().for_each(|effect| self.carry_out(effect, Event::Close));
        self.closed = true;
        self.rests(Event::Close);
    }

    pub fn hold(&mut self, held: bool) {
        self.held = held;
        self.tell(Event::Held(held));
    }

    fn take(&mut self, event: u64) {
        assert_eq!(Some(event), self.next, "a gap, a double, or out of order");
        self.next = Some(event + 1);
        self.cursor = Some(event);
        self.known = self.known.max(event);
        self.count("event");
    }

    /// The machine hears of it when it is taken: whatever it decides, the next connection begins after it.
    fn heard(&mut self, id: u32, cursor: u64) {
        self.cursor = Some(cursor);
        (self.proven, self.waits) = (true, 0);
        self.first = self.first.or(Some((self.mono(), self.wall())));
        // Perhaps that was too much for now.
        if self.random.once_in(20) {
            self.hold(true);
        }
        self.tell(Event::Heard(id));
    }

    /// One piece is read.
    fn read(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        let (id, Some((_, chunk))) = (wire.id, wire.pipe.pop_front()) else { return };
        match chunk {
            Chunk::Status(cursor) => self.heard(id, cursor),
            Chunk::Events(from, to) => {
                (from..=to).for_each(|event| self.take(event));
                self.heard(id, to);
            }
            Chunk::Sourced(source) => {
                self.wire = None;
                self.source = Some(source);
                // The first source begins what the consumer knows; later ones are announced.
                if self.next.is_none() {
                    (self.next, self.known) = (Some(source + 1), source);
                }
                self.tell(Event::Sourced(id));
            }
            Chunk::Page(after, to, more) => {
                self.wire = None;
                (after + 1..=to).for_each(|event| self.take(event));
                let moved = self.cursor != Some(to);
                self.cursor = Some(to);
                (self.proven, self.waits, self.refusals) = (true, 0, 0);
                // A server that repeats the cursor has nothing more, whatever it says.
                self.tell(Event::Page(id, more && (to > after || moved)));
            }
            Chunk::Error(code, status) => self.tell(Event::Refused(id, code, status)),
            Chunk::Garbage => self.tell(Event::Garbled(id)),
            Chunk::End => self.tell(Event::Ended(id)),
            Chunk::Reset => self.tell(Event::Dropped(id)),
        }
    }

    /// What happens next, and when: to the server, and if it is awake to the page.
    fn soonest(&self, awake: bool) -> Option<(i64, u8)> {
        let wire = self.wire.as_ref();
        let reads = awake && (!self.held || wire.is_some_and(|wire| wire.kind != Kind::Stream));
        [
            (wire.and_then(|wire| wire.arrives), 0),
            (wire.and_then(Wire::next_check), 1),
            (wire.filter(|_| reads).and_then(|wire| wire.pipe.front()).map(|chunk| chunk.0), 2),
            (wire.filter(|wire| awake && wire.kind != Kind::Stream).map(|_| self.limit), 3),
            (self.timer.filter(|_| awake), 4),
            (Some((self.expires - self.life / 5).max(self.expires - self.life + 1_000)).filter(|_| awake && self.provider && self.requests > 0 && !self.over()), 5),
        ]
        .into_iter()
        .filter_map(|(at, what)| at.map(|at| (at.max(self.now), what)))
        .min()
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: i64, awake: bool) {
        let end = self.now + ms;
        while let Some((at, what)) = self.soonest(awake).filter(|(at, _)| *at <= end) {
            self.now = at;
            match (what, &mut self.wire) {
                (0, Some(wire)) => self.server.accept(wire, at, &mut self.random),
                (1, Some(wire)) => self.server.check(wire, at),
                (2, _) => self.read(),
                (3, Some(wire)) => {
                    let id = wire.id;
                    self.tell(Event::Dropped(id));
                }
                (4, _) => {
                    self.timer = None;
                    self.tell(Event::Tick);
                }
                _ => {
                    self.mint();
                    self.renewed = false;
                    self.tell(Event::Renewed);
                }
            }
        }
        self.now = end;
    }
}
