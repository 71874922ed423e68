//! The page: it carries out what the machine says, keeps the host's simple rules, and has a provider of tokens, two clocks, and consumers
//! that check what they get. Every effect is checked when it comes, and the whole when the machine has had its say.

use crate::random::Random;
use crate::server::{Asks, Mood, Server, Wire};
use countersign::link::{Event, Kind, Link, Policy, Probe, Status};
use countersign::core::time::{Mono, Now, UnixMillis};
use std::collections::{BTreeMap, VecDeque};

/// What the machine calls brief.
const BRIEF: i64 = 5_000;

/// How far a socket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// When its token comes.
    Token(i64),
    /// When it opens, or fails to.
    Handshake(i64),
    Init,
    /// Since when, by the monotonic clock.
    Ready(i64),
}

pub struct Socket {
    pub stage: Stage,
    pub wire: Wire,
    pub renew_at: Option<i64>,
    /// When the page believes that its token expires, by both clocks.
    pub believed: Option<(Mono, UnixMillis)>,
}

pub struct Op {
    pub asks: Asks,
    /// The socket whose results count, and the one it changes over to.
    pub on: Option<u32>,
    pub to: Option<u32>,
    /// What its consumer knows.
    pub last: u64,
    pub sent: bool,
    pub answered: bool,
    /// The newest socket answered with an error: it goes on where it is.
    pub declined: bool,
    /// Whose consumer asks again at once when it fails.
    pub insistent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provider {
    Well,
    /// Fails, and it passes.
    Down,
    /// Nobody is signed in.
    Nobody,
    /// Hands out what has expired.
    Expired,
}

pub struct Page {
    pub link: Link,
    pub policy: Policy,
    pub server: Server,
    pub random: Random,
    /// True time in milliseconds, and how much of it each clock did not see.
    pub now: i64,
    pub mono_lost: i64,
    pub wall_lost: i64,
    pub sockets: BTreeMap<u32, Socket>,
    pub current: Option<u32>,
    pub ops: BTreeMap<u32, Op>,
    pub last_op: u32,
    pub last_socket: u32,
    pub gone: Vec<u32>,
    pub timer: Option<i64>,
    pub probe_at: Option<i64>,
    pub pause_at: Option<i64>,
    pub mood: Mood,
    /// A new socket may be one too many for the database.
    pub full: bool,
    pub provider: Provider,
    pub found: Probe,
    pub latency: i64,
    pub slow: i64,
    /// How long tokens live; `None`: for ever.
    pub life: Option<i64>,
    /// What is told of that is wrong by so much; `None`: nothing is told.
    pub error: Option<i64>,
    pub offline: bool,
    pub kept: bool,
    pub over: bool,
    /// Everything works: nothing may be lost, and nothing is retried.
    pub calm: bool,
    pub status: (Status, i64),
    pub barred: bool,
    pub awaiting: bool,
    /// Until when the machine said that it waits, by the monotonic clock.
    pub not_before: Option<i64>,
    /// When the last attempt failed, and how often in a row the next one followed at once.
    pub failed: Option<i64>,
    pub hurried: u32,
    pub queue: VecDeque<Event>,
    /// Subscribed, and the machine has not heard of it yet.
    asked: BTreeMap<u32, (Asks, bool)>,
    pub counts: BTreeMap<&'static str, u64>,
    pub opens: u64,
    pub ticks: u64,
}

impl Page {
    pub fn new(policy: Policy, random: Random) -> Self {
        Self {
            link: Link::new(policy),
            policy,
            server: Server { log: 1_000, ..Server::default() },
            random,
            now: 10_000_000,
            mono_lost: 9_000_000,
            wall_lost: -1_700_000_000_000,
            sockets: BTreeMap::new(),
            current: None,
            ops: BTreeMap::new(),
            last_op: 0,
            last_socket: 0,
            gone: Vec::new(),
            timer: None,
            probe_at: None,
            pause_at: None,
            mood: Mood::Well,
            full: true,
            provider: Provider::Well,
            found: Probe::Accepted,
            latency: 20,
            slow: 100,
            life: Some(60_000),
            error: Some(0),
            offline: false,
            kept: false,
            over: false,
            calm: false,
            status: (Status::Idle, 0),
            barred: false,
            awaiting: false,
            not_before: None,
            failed: None,
            hurried: 0,
            queue: VecDeque::new(),
            asked: BTreeMap::new(),
            counts: BTreeMap::new(),
            opens: 0,
            ticks: 0,
        }
    }

    pub fn mono(&self) -> i64 {
        self.now - self.mono_lost
    }

    pub fn clocks(&self) -> Now {
        Now { wall: UnixMillis(self.now - self.wall_lost), mono: Mono(self.mono()) }
    }

    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn wanted(&self) -> bool {
        self.kept || !self.ops.is_empty()
    }

    pub fn next(&self) -> Option<u32> {
        self.sockets.iter().find(|(_, socket)| !matches!(socket.stage, Stage::Ready(_))).map(|(id, _)| *id)
    }

    /// Somebody from outside has it hurry, or meddled with the clocks.
    pub fn outside(&mut self) {
        (self.not_before, self.failed, self.hurried) = (None, None, 0);
    }

    pub fn subscribe(&mut self, asks: Asks, insistent: bool) -> u32 {
        self.last_op += 1;
        self.asked.insert(self.last_op, (asks, insistent));
        self.queue.push_back(Event::Subscribe(self.last_op, if asks == Asks::Once { Kind::Once } else { Kind::Live }));
        self.last_op
    }

    pub fn tell(&mut self, event: Event) {
        self.queue.push_back(event);
        self.flush();
    }

    /// Also what follows from carrying effects out, in order.
    pub fn flush(&mut self) {
        while let Some(event) = self.queue.pop_front() {
            self.handle(event);
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Closed(id, _) | Event::Lost(id) | Event::Failed(id) => {
                if !self.sockets.contains_key(&id) {
                    return;
                }
                self.failing(id);
                self.unplug(id);
            }
            Event::Acked(id, left) => {
                (self.current, self.barred) = (Some(id), false);
                let (since, clocks) = (self.mono(), self.clocks());
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.stage = Stage::Ready(since);
                    socket.believed = left.map(|left| (clocks.mono + left, clocks.wall + left));
                }
            }
            Event::Subscribe(op, _) => {
                let (asks, insistent) = self.asked.remove(&op).unwrap();
                let last = if asks == Asks::Stream { self.server.log } else { 0 };
                self.ops.insert(op, Op { asks, on: None, to: None, last, sent: false, answered: false, declined: false, insistent });
            }
            Event::Unsubscribe(op) => drop(self.ops.remove(&op)),
            Event::Online(online) => self.offline = !online,
            Event::Start => self.kept = true,
            Event::Terminate => self.awaiting &= self.sockets.is_empty(),
            Event::Probed(found) => {
                self.barred |= self.awaiting && matches!(found, Probe::Passing | Probe::Refused);
                self.awaiting = false;
            }
            _ => {}
        }
        if matches!(event, Event::Woken | Event::Online(_) | Event::Terminate | Event::Unsubscribe(_)) {
            self.outside();
        }
        let random = f64::from(self.random.below(1_000_000)) / 1_000_000.0;
        self.link.handle(event, self.clocks(), random);
        let over = self.over;
        while let Some(effect) = self.link.poll() {
            assert!(!over, "{effect:?} after the end, by {event:?}");
            self.carry_out(effect, event);
        }
        self.check(event);
    }

    pub fn failing(&mut self, id: u32) {
        let lasted = matches!(self.sockets[&id].stage, Stage::Ready(since) if self.mono() - since >= BRIEF);
        if !lasted && (self.current == Some(id) || self.next() == Some(id)) {
            self.failed = Some(self.now);
        }
    }

    pub fn unplug(&mut self, id: u32) {
        self.sockets.remove(&id).unwrap_or_else(|| panic!("socket {id} is not there"));
        self.gone.push(id);
        if self.current == Some(id) {
            self.current = None;
            self.awaiting = false;
        }
        for op in self.ops.values_mut() {
            if op.to == Some(id) {
                op.to = None;
            }
            if op.on == Some(id) {
                op.on = None;
            }
        }
    }

    /// The whole, when the machine has had its say.
    fn check(&mut self, event: Event) {
        if matches!(event, Event::Dispose) {
            self.over = true;
            assert!(self.sockets.is_empty() && self.ops.is_empty() && self.timer.is_none(), "something is left");
            assert_eq!(self.status.0, Status::Closed);
        }
        if self.over {
            return;
        }
        for (id, socket) in &self.sockets {
            for op in &socket.wire.uses {
                let state = self.ops.get(op).unwrap_or_else(|| panic!("operation {op} is over and runs on socket {id}, by {event:?}"));
                assert!(state.on == Some(*id) || state.to == Some(*id), "operation {op} runs on socket {id} for nobody, by {event:?}");
            }
        }
        let next = self.next();
        let opening = self.sockets.values().filter(|socket| !matches!(socket.stage, Stage::Ready(_))).count();
        assert!(opening <= 1, "{opening} are being opened");
        for id in self.sockets.keys() {
            let used = self.ops.values().any(|op| op.on == Some(*id) || op.to == Some(*id));
            assert!(used || self.current == Some(*id) || next == Some(*id), "socket {id} is left, by {event:?}");
        }
        for (id, op) in &self.ops {
            assert!(op.on.is_some() || op.to.is_none(), "operation {id} changes over from nowhere to {:?}, by {event:?}", op.to);
            if op.asks == Asks::Once {
                assert!(!op.sent || op.on.is_some(), "query {id} is lost, by {event:?}");
            }
            if let Some(current) = self.current {
                let waits = op.on.is_none() && self.expired(current) && (next.is_some() || self.offline || self.awaiting || self.timer.is_some());
                let there = op.on == Some(current) || op.to == Some(current) || op.on.is_some() && op.declined || op.asks == Asks::Once && op.sent || waits;
                assert!(there, "operation {id} is not on socket {current}, by {event:?}");
            }
        }
        assert_eq!(self.status.0, self.expected(next), "by {event:?}");
        assert!(!self.calm || matches!(self.status.0, Status::Connected | Status::Rotating), "everything works, and it is {:?}", self.status.0);
        let external = next.is_some() || self.awaiting || self.pause_at.is_some() || self.offline;
        assert!(!self.wanted() || self.current.is_some() || external || self.timer.is_some(), "it waits for nothing, by {event:?}");
        let changing = self.ops.values().any(|op| op.to.is_some());
        assert!(!changing || self.timer.is_some(), "a handover without end, by {event:?}");
    }

    /// As far as the page knows.
    pub fn expired(&self, id: u32) -> bool {
        let now = self.clocks();
        self.policy.tokens && self.sockets[&id].believed.is_some_and(|(mono, wall)| mono <= now.mono || wall <= now.wall)
    }

    fn expected(&self, next: Option<u32>) -> Status {
        let changing = self.ops.values().any(|op| op.to.is_some());
        match self.current {
            Some(_) if next.is_some() || changing => Status::Rotating,
            Some(_) => Status::Connected,
            None if self.barred => Status::Unauthorized,
            None if next.is_none() && !self.wanted() => Status::Idle,
            None if self.offline => Status::Offline,
            None if next.is_some() || self.awaiting => Status::Connecting,
            None => Status::Waiting,
        }
    }
}
