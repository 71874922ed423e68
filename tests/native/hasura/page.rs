//! The page: it carries out what the machine says, keeps the host's simple rules, and has a provider of tokens, two clocks, and consumers
//! that check what they get. Every effect is checked when it comes, and the whole when the machine has had its say.

use crate::random::Random;
use crate::server::{Answer, Asks, Mood, Said, Server, Wire};
use countersign::backends::hasura::socket::close::{hasura, standard};
use countersign::backends::hasura::socket::{Cause, Close, Effect, End, Event, Kind, Link, Pauses, Policy, Probe, Status};
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};
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
    renew_at: Option<i64>,
}

pub struct Op {
    pub asks: Asks,
    /// The socket whose results count, and the one it changes over to.
    pub on: Option<u32>,
    pub to: Option<u32>,
    /// What its consumer knows.
    pub last: u64,
    sent: bool,
    answered: bool,
    /// Whose consumer asks again at once when it fails.
    insistent: bool,
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
    pause_at: Option<i64>,
    pub mood: Mood,
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
    status: (Status, i64),
    barred: bool,
    awaiting: bool,
    /// Until when the machine said that it waits, by the monotonic clock.
    not_before: Option<i64>,
    /// When the last attempt failed, and how often in a row the next one followed at once.
    failed: Option<i64>,
    hurried: u32,
    queue: VecDeque<Event>,
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

    fn wanted(&self) -> bool {
        self.kept || !self.ops.is_empty()
    }

    fn next(&self) -> Option<u32> {
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
            Event::Acked(id, _) => {
                (self.current, self.barred) = (Some(id), false);
                let since = self.mono();
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.stage = Stage::Ready(since);
                }
            }
            Event::Subscribe(op, _) => {
                let (asks, insistent) = self.asked.remove(&op).unwrap();
                let last = if asks == Asks::Stream { self.server.log } else { 0 };
                self.ops.insert(op, Op { asks, on: None, to: None, last, sent: false, answered: false, insistent });
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
            if std::env::var_os("TRACE").is_some() {
                println!("{} {event:?} -> {effect:?}", self.now);
            }
            assert!(!over, "{effect:?} after the end, by {event:?}");
            self.carry_out(effect, event);
        }
        self.check(event);
    }

    fn failing(&mut self, id: u32) {
        let lasted = matches!(self.sockets[&id].stage, Stage::Ready(since) if self.mono() - since >= BRIEF);
        if !lasted && (self.current == Some(id) || self.next() == Some(id)) {
            self.failed = Some(self.now);
        }
    }

    fn unplug(&mut self, id: u32) {
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

    fn carry_out(&mut self, effect: Effect, event: Event) {
        match effect {
            Effect::Open(id, cause) => self.open(id, cause, event),
            Effect::Send(op, id) => self.send(op, id),
            Effect::Stop(op, id) => {
                let socket = self.sockets.get_mut(&id).unwrap_or_else(|| panic!("{effect:?}: no such socket, by {event:?}"));
                assert!(socket.wire.uses.remove(&op), "{effect:?}: it does not run there, by {event:?}");
                socket.wire.post(self.now, Said::Complete(op));
            }
            Effect::Take(op, id) => {
                let socket = self.sockets.get(&id).unwrap_or_else(|| panic!("{effect:?}: no such socket, by {event:?}"));
                assert!(socket.wire.uses.contains(&op), "{effect:?}: it does not run there");
                let state = self.ops.get_mut(&op).unwrap_or_else(|| panic!("{effect:?}: it is over"));
                assert_eq!(state.to, Some(id), "{effect:?}");
                // What came there is older than what its consumer has: else it would have changed over.
                (state.on, state.to) = (Some(id), None);
                self.count("Take");
            }
            Effect::Close(id, code) => {
                if !self.sockets.contains_key(&id) {
                    // It noticed that it slept before it heard that this one is gone.
                    return assert!(matches!(event, Event::Closed(of, _) if of == id), "{effect:?}: no such socket, by {event:?}");
                }
                let used = self.ops.values().any(|op| op.on == Some(id) || op.to == Some(id));
                assert!(code != 1000 || !used || self.over || matches!(event, Event::Dispose), "{effect:?}: it is used, by {event:?}");
                assert!(matches!(code, 1000 | 4499 | 4504), "{effect:?}");
                if code != 1000 {
                    self.failing(id);
                }
                self.unplug(id);
                self.count(if code == 1000 { "Close" } else { "Close broken" });
            }
            Effect::Ping(id) => {
                let Some(socket) = self.sockets.get_mut(&id) else { return assert!(matches!(event, Event::Closed(..)), "{effect:?}: no such socket") };
                assert!(matches!(socket.stage, Stage::Ready(_)), "{effect:?}");
                socket.wire.post(self.now, Said::Ping);
                self.count("Ping");
            }
            Effect::Finish(0, end) => {
                assert!(self.kept && end == End::Error, "{effect:?}");
                self.kept = false;
            }
            Effect::Finish(op, end) => self.finish(op, end, event),
            Effect::Reject(id) => {
                assert!(matches!(event, Event::Closed(of, Close::Refused) if of == id), "{effect:?} by {event:?}");
                self.count("Reject");
            }
            Effect::Probe => {
                assert!(matches!(event, Event::Closed(_, Close::Refused)), "{effect:?} by {event:?}");
                self.awaiting = true;
                let at = self.now + self.random.within(1, 3_000);
                self.probe_at.get_or_insert(at);
                self.count("Probe");
            }
            Effect::Pause(_) => {
                assert_eq!(self.policy.pauses, Pauses::Theirs);
                self.pause_at = Some(self.now + self.random.within(250, 3_000));
                self.count("Pause");
            }
            Effect::Status(status, wait) => {
                assert!(status != self.status.0 || wait.0 > 0, "{effect:?} twice");
                let most = if self.barred { 60_000 } else { 10_000 };
                assert!((0..=most).contains(&wait.0), "{effect:?}");
                assert!(wait.0 == 0 || matches!(status, Status::Waiting | Status::Unauthorized) && !self.offline, "{effect:?}");
                self.status = (status, wait.0);
                if wait.0 > 0 {
                    self.not_before = Some(self.mono() + wait.0);
                }
            }
            Effect::WakeIn(wait) => {
                assert!(wait.is_none_or(|wait| wait >= DurationMs::ZERO), "{effect:?}");
                self.timer = wait.map(|wait| self.now + wait.0);
            }
        }
    }

    fn open(&mut self, id: u32, cause: Cause, event: Event) {
        assert!(id > self.last_socket && self.wanted() && !self.offline && !self.awaiting, "socket {id}, {cause:?}, by {event:?}");
        assert_eq!(self.next(), None, "two are being opened");
        assert_eq!(cause == Cause::Rotation, self.current.is_some(), "{cause:?}");
        assert!(!self.calm || cause == Cause::Rotation, "everything works, and {cause:?} by {event:?}");
        if let Some(until) = self.not_before.take().filter(|_| self.current.is_none()) {
            assert!(self.mono() >= until, "it said that it waits {} ms longer", until - self.mono());
        }
        self.hurried = if self.failed == Some(self.now) { self.hurried + 1 } else { 0 };
        assert!(self.hurried <= 3, "socket {id}: {} attempts without a pause", self.hurried);
        self.opens += 1;
        self.last_socket = id;
        let latency = if self.calm { self.latency } else { self.random.within(1, 2 * self.latency + 2) };
        let wire = Wire::new(self.mood, None, latency);
        let token = self.now + self.random.within(0, self.slow + 1);
        self.sockets.insert(id, Socket { stage: Stage::Token(token), wire, renew_at: None });
        self.count(match cause {
            Cause::First => "First",
            Cause::Retry => "Retry",
            Cause::Rotation => "Rotation",
        });
    }

    fn send(&mut self, op: u32, id: u32) {
        assert_eq!(self.current, Some(id), "operation {op} is sent on an old socket");
        let state = self.ops.get_mut(&op).unwrap_or_else(|| panic!("operation {op} is over"));
        assert!(state.asks != Asks::Once || !state.sent, "query {op} is sent twice");
        assert!(state.to.is_none(), "operation {op} changes over twice at once");
        state.sent = true;
        if state.on.is_none() {
            state.on = Some(id);
        } else {
            state.to = Some(id);
        }
        let socket = self.sockets.get_mut(&id).unwrap();
        assert!(socket.wire.sent.insert(op), "operation {op} is sent twice on socket {id}");
        socket.wire.uses.insert(op);
        socket.wire.post(self.now, Said::Subscribe(op, state.asks, state.last));
    }

    fn finish(&mut self, op: u32, end: End, event: Event) {
        let Some(state) = self.ops.remove(&op) else {
            // It noticed that it slept, and that the socket is dead, before it heard that this one is over.
            return assert!(matches!(event, Event::Unsubscribe(of) | Event::Ended(of) if of == op), "operation {op} ends twice, by {event:?}");
        };
        match end {
            End::Complete => assert!(matches!(event, Event::Dispose), "by {event:?}"),
            End::Unknown => assert!(state.asks == Asks::Once && state.sent && state.on.is_none(), "operation {op}, {:?}, by {event:?}", state.asks),
            End::Error => assert!(state.on.is_none() && (state.asks != Asks::Once || !state.sent), "operation {op} works, by {event:?}"),
        }
        // A slow query does not survive the expiry of its socket.
        assert!(!self.calm || end != End::Error, "everything works, and operation {op} ends: {end:?}");
        self.count(match end {
            End::Complete => "Complete",
            End::Unknown => "Unknown",
            End::Error => "Error",
        });
        // Who does that after a fatal end hurries without end, with graphql-ws too.
        let fatal = matches!(event, Event::Closed(_, Close::Fatal) | Event::Failed(_)) && self.policy.pauses == Pauses::Theirs;
        if state.insistent && end == End::Error && !fatal {
            self.subscribe(state.asks, true);
        }
    }

    /// A consumer gets results from and to; what it has is left out.
    fn show(&mut self, op: u32, from: u64, to: u64) {
        let state = self.ops.get_mut(&op).unwrap();
        match state.asks {
            Asks::Once => assert!(!std::mem::replace(&mut state.answered, true), "query {op} is answered twice"),
            Asks::Stream => assert!(from <= state.last + 1, "operation {op}: {} is followed by {from}", state.last),
            _ => assert!(to >= state.last, "operation {op}: {} is followed by {to}", state.last),
        }
        if to > state.last {
            state.last = to;
            self.count("result");
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
                let there = op.on == Some(current) || op.to == Some(current) || op.asks == Asks::Once && op.sent;
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

    // ---- what happens by itself

    fn next_due(&self, awake: bool) -> Option<i64> {
        let wires = self.sockets.values().filter_map(|socket| socket.wire.next());
        let own = self.sockets.values().flat_map(|socket| {
            let stage = match socket.stage {
                Stage::Token(at) | Stage::Handshake(at) => Some(at),
                _ => None,
            };
            [stage, socket.renew_at, socket.wire.pipe.front().map(|(at, _)| *at)]
        });
        let others = [self.timer, self.probe_at, self.pause_at];
        wires.chain(own.chain(others).flatten().filter(|_| awake)).min()
    }

    /// Time goes by. Asleep only the server and the network work.
    pub fn run(&mut self, ms: i64, awake: bool) {
        let end = self.now + ms;
        let (mut at_once, mut last) = (0, self.now);
        while let Some(due) = self.next_due(awake).filter(|due| *due <= end) {
            self.now = self.now.max(due);
            at_once = if self.now == last { at_once + 1 } else { 0 };
            last = self.now;
            assert!(at_once < 2_000, "something goes on and on");
            for socket in self.sockets.values_mut() {
                socket.wire.work(self.now, &mut self.server, &mut self.random);
            }
            if awake {
                self.step();
            }
        }
        self.now = end;
    }

    /// One thing that is due.
    fn step(&mut self) {
        let now = self.now;
        if self.timer.is_some_and(|at| at <= now) {
            self.timer = None;
            self.ticks += 1;
            return self.tell(Event::Tick);
        }
        if self.probe_at.is_some_and(|at| at <= now) {
            self.probe_at = None;
            return self.tell(Event::Probed(self.found));
        }
        if self.pause_at.is_some_and(|at| at <= now) {
            self.pause_at = None;
            return self.tell(Event::Paused);
        }
        for id in self.sockets.keys().copied().collect::<Vec<_>>() {
            let Some(socket) = self.sockets.get_mut(&id) else { continue };
            match socket.stage {
                Stage::Token(at) if at <= now => return self.fetched(id),
                Stage::Handshake(at) if at <= now => return self.shaken(id),
                _ => {}
            }
            if socket.renew_at.is_some_and(|at| at <= now) {
                socket.renew_at = Some(now + 1_000).filter(|_| self.provider != Provider::Well);
                if self.provider == Provider::Well {
                    self.tell(Event::Renewed(id));
                }
                return;
            }
            if socket.wire.pipe.front().is_some_and(|(at, _)| *at <= now)
                && let Some((_, answer)) = socket.wire.pipe.pop_front()
            {
                return self.read(id, answer);
            }
        }
    }

    fn fetched(&mut self, id: u32) {
        let socket = self.sockets.get_mut(&id).unwrap();
        match self.provider {
            Provider::Down => return self.tell(Event::Lost(id)),
            Provider::Nobody => return self.tell(Event::Failed(id)),
            Provider::Expired => socket.wire.expires = Some(self.now - 1_000),
            Provider::Well => {
                // What a provider keeps is not always fresh.
                let age = self.life.map_or(0, |life| if self.calm { 0 } else { self.random.within(0, life / 2) });
                socket.wire.expires = self.life.map(|life| self.now + life - age);
                socket.renew_at = self.life.map(|life| self.now + life - age - (life / 5).clamp(2_000, 30_000));
            }
        }
        socket.stage = Stage::Handshake(self.now + 2 * socket.wire.latency);
    }

    fn shaken(&mut self, id: u32) {
        let socket = self.sockets.get_mut(&id).unwrap();
        match socket.wire.mood {
            Mood::Unreachable => self.tell(Event::Closed(id, self.close(1006, ""))),
            Mood::Hangs => socket.stage = Stage::Handshake(i64::MAX),
            _ => {
                socket.stage = Stage::Init;
                socket.wire.post(self.now, Said::Init);
                self.tell(Event::Opened(id));
            }
        }
    }

    pub fn close(&self, code: u16, words: &str) -> Close {
        if self.policy.tokens { hasura(code, words) } else { standard(code) }
    }

    fn read(&mut self, id: u32, answer: Answer) {
        let expires = self.sockets[&id].wire.expires;
        match answer {
            Answer::Acked => {
                let left = expires.zip(self.error).map(|(expires, error)| DurationMs(expires - self.now + error));
                self.tell(Event::Acked(id, left));
            }
            Answer::Sign => self.tell(Event::Heard(id)),
            Answer::Closed(code, words) => self.tell(Event::Closed(id, self.close(code, words))),
            Answer::Next(op, from, to) => {
                self.tell(Event::Heard(id));
                if self.sockets.contains_key(&id) {
                    self.result(id, op, from, to);
                }
            }
            Answer::Complete(op) => {
                if self.sockets[&id].wire.uses.contains(&op) && self.ops.get(&op).is_some_and(|state| state.on == Some(id) || state.to == Some(id)) {
                    let state = self.ops.remove(&op).unwrap();
                    assert!(state.asks != Asks::Once || state.answered, "query {op} ends without an answer");
                    if state.to.is_none() {
                        // Nobody stops what ended by itself.
                        self.sockets.get_mut(&id).unwrap().wire.uses.remove(&op);
                    }
                    self.tell(Event::Ended(op));
                }
            }
        }
    }

    /// The host's rules: what counts comes from one socket; the other one counts when it has caught up.
    fn result(&mut self, id: u32, op: u32, from: u64, to: u64) {
        let Some(state) = self.ops.get_mut(&op) else { return };
        let wire = &mut self.sockets.get_mut(&id).unwrap().wire;
        if !wire.uses.contains(&op) {
            return;
        }
        if state.to == Some(id) {
            if to < state.last {
                return self.count("behind");
            }
            (state.on, state.to) = (Some(id), None);
        } else if state.on != Some(id) {
            panic!("operation {op} runs on socket {id} and nobody knows");
        }
        if to < self.ops[&op].last {
            // Taken over before it had caught up.
            return self.count("behind");
        }
        self.show(op, from, to);
        self.tell(Event::Arrived(op, id));
    }

    /// Something changed.
    pub fn publish(&mut self, count: u64) {
        self.server.log += count;
        for socket in self.sockets.values_mut() {
            socket.wire.tell(self.server.log, self.now);
        }
    }
}
