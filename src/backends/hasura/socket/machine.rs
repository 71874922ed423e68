//! The machine. One per connection.

use super::operations::Operations;
use super::{Cause, Close, Effect, End, Event, Kind, Pauses, Policy, Probe, Status};
use crate::core::queue::Queue;
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

/// A socket that ends so soon after its acknowledgement did not last: what ended it will end the next one too.
const BRIEF: DurationMs = DurationMs::seconds(5);
/// A loss this near to the token's expiry is the server's cut, and no failure.
const NEAR: DurationMs = DurationMs::seconds(3);
/// So long a subscription may take to catch up on its new socket; after that the new one counts.
const HANDOVER: DurationMs = DurationMs::seconds(5);
/// With less time than that until the cut it is waited for: who has not caught up by then loses nothing.
const SOON: DurationMs = DurationMs::seconds(1);
/// From a ping to a sign of life.
const PONG: DurationMs = DurationMs::seconds(5);
/// Clocks that differ by more, or a timer that is later, say that the machine slept.
const SLEPT: DurationMs = DurationMs::seconds(5);
/// The shortest pause, the longest, and the longest while the token is refused.
const PAUSE: DurationMs = DurationMs(250);
const LONG: DurationMs = DurationMs::seconds(10);
const BARRED: DurationMs = DurationMs::seconds(60);
/// The longest delay of a rotation: not all tabs at once.
const SPREAD: DurationMs = DurationMs::seconds(2);
/// So often in a row the server may say what does not pass before it is believed.
const PATIENCE: u32 = 3;
/// As far as a browser's timer counts.
const LONGEST: DurationMs = DurationMs(i32::MAX as i64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// For its token, or its handshake.
    Opening,
    /// For the acknowledgement.
    Open,
    Ready,
}

#[derive(Clone, Copy, Debug)]
struct Socket {
    id: u32,
    phase: Phase,
    /// Since when in this phase.
    since: Mono,
    heard: Mono,
    pinged: Option<Mono>,
    /// When its token expires, by both clocks: one may stand still in sleep.
    end: Option<(Mono, UnixMillis)>,
    /// There was a better token before it was acknowledged.
    stale: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wait {
    No,
    Until(Mono),
    /// For the next wish, and then for the application's pause.
    Owed,
    /// For the application's pause.
    Theirs,
    Probe,
}

/// Decides; carries nothing out.
#[derive(Debug)]
pub struct Link {
    policy: Policy,
    sockets: Vec<Socket>,
    /// Acknowledged; new operations go there.
    current: Option<u32>,
    /// Being opened.
    next: Option<u32>,
    operations: Operations,
    ids: u32,
    /// Wanted without operations.
    kept: bool,
    wait: Wait,
    /// When the current socket is to be replaced.
    rotate: Option<Mono>,
    handover: Option<Mono>,
    idle: Option<Mono>,
    /// There was an acknowledgement, ever.
    proven: bool,
    /// The next attempt follows a failed one.
    retrying: bool,
    /// Attempts in a row without a socket that lasted.
    failures: u32,
    /// The last pause.
    pause: DurationMs,
    doubts: u32,
    refusals: u32,
    /// Probes in a row that found nothing wrong.
    accepted: u32,
    barred: bool,
    offline: bool,
    over: bool,
    /// The status, and until when it waits.
    said: (Status, Option<Mono>),
    seen: Option<Now>,
    shown: Option<Mono>,
    effects: Queue<Effect>,
}

impl Link {
    /// Does nothing until something is wanted.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            sockets: Vec::new(),
            current: None,
            next: None,
            operations: Operations::default(),
            ids: 0,
            kept: false,
            wait: Wait::No,
            rotate: None,
            handover: None,
            idle: None,
            proven: false,
            retrying: false,
            failures: 0,
            pause: DurationMs::ZERO,
            doubts: 0,
            refusals: 0,
            accepted: 0,
            barred: false,
            offline: false,
            over: false,
            said: (Status::Idle, None),
            seen: None,
            shown: None,
            effects: Queue::default(),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.take()
    }

    /// Takes an event. `random` is in `[0, 1)`.
    pub fn handle(&mut self, event: Event, now: Now, random: f64) {
        if self.over {
            return;
        }
        let late = matches!(event, Event::Tick) && self.shown.is_some_and(|shown| now.mono - shown > SLEPT);
        let slept = self.seen.is_some_and(|seen| (now.wall - seen.wall).0 - (now.mono - seen.mono).0 > SLEPT.0);
        self.seen = Some(now);
        if late || slept {
            // What came meanwhile is not read yet: nobody is judged by an answer that he could not give.
            for socket in &mut self.sockets {
                socket.pinged = None;
            }
            self.woken(now, random);
        }
        match event {
            Event::Start => self.kept = true,
            Event::Subscribe(id, kind) => self.subscribe(id, kind),
            Event::Unsubscribe(id) | Event::Ended(id) => self.ended(id, matches!(event, Event::Ended(_))),
            Event::Opened(id) => self.opened(id, now),
            Event::Acked(id, left) => self.acked(id, left, now),
            Event::Heard(id) => self.heard(id, now),
            Event::Arrived(op, socket) => self.arrived(op, socket),
            Event::Closed(id, close) => self.closed(id, close, now, random),
            Event::Lost(id) => self.closed(id, Close::Passing, now, random),
            Event::Failed(id) => self.closed(id, Close::Fatal, now, random),
            Event::Renewed(id) => self.renewed(id, now, random),
            Event::Probed(probe) => self.probed(probe, now, random),
            Event::Woken => self.woken(now, random),
            Event::Online(online) => {
                self.offline = !online;
                if online {
                    self.woken(now, random);
                }
            }
            Event::Paused => self.paused(),
            Event::Refrained if self.wait == Wait::Theirs => {
                self.wait = Wait::No;
                self.give_up(true, now, random);
            }
            Event::Refrained => {}
            Event::Tick => {
                self.shown = None;
                self.tick(now, random);
            }
            Event::Terminate => self.terminate(now, random),
            Event::Dispose => return self.dispose(),
        }
        self.settle(now);
        self.tell(now);
        self.alarm(now);
    }

    // ---- operations

    fn subscribe(&mut self, id: u32, kind: Kind) {
        self.operations.add(id, kind);
        if let Some(current) = self.current {
            self.place(id, current);
        }
    }

    fn place(&mut self, id: u32, socket: u32) {
        if let Some(op) = self.operations.get(id) {
            op.on = Some(socket);
            self.effects.add(Effect::Send(id, socket));
        }
    }

    /// By the caller: both sockets are told. By the server: it may still run on the other one, and stopping what has ended is allowed.
    fn ended(&mut self, id: u32, by_server: bool) {
        let Some(op) = self.operations.take(id) else { return };
        for socket in [op.on, op.to].into_iter().flatten() {
            if !by_server || op.to.is_some() {
                self.effects.add(Effect::Stop(id, socket));
            }
        }
    }

    fn arrived(&mut self, id: u32, socket: u32) {
        let Some(op) = self.operations.get(id) else { return };
        op.proven = true;
        if op.to == Some(socket) {
            op.to = None;
            if let Some(old) = op.on.replace(socket) {
                self.effects.add(Effect::Stop(id, old));
            }
        }
    }

    /// Whoever has not caught up by now is taken over as it is.
    fn take_all(&mut self) {
        self.handover = None;
        for op in self.operations.each() {
            if let Some(to) = op.to.take() {
                self.effects.add(Effect::Take(op.id, to));
                if let Some(old) = op.on.replace(to) {
                    self.effects.add(Effect::Stop(op.id, old));
                }
            }
        }
    }

    /// A socket is gone: its operations go on elsewhere, or wait for the next one, or nobody knows what became of them.
    fn release(&mut self, socket: u32) {
        let effects = &mut self.effects;
        for op in self.operations.each() {
            if op.to == Some(socket) {
                op.to = None;
            }
            if op.on == Some(socket) && op.kind == Kind::Live {
                op.on = op.to.take();
                if let Some(to) = op.on {
                    effects.add(Effect::Take(op.id, to));
                }
            }
        }
        self.operations.remove(|op| op.on == Some(socket), |id| effects.add(Effect::Finish(id, End::Unknown)));
    }

    /// Ends what waits; what is on a socket works there. If some operations have worked before, it is one of the others that the server does not like.
    fn give_up(&mut self, all: bool, now: Now, random: f64) {
        let some = !all && self.operations.any(|op| op.proven) && self.operations.any(|op| !op.proven);
        let effects = &mut self.effects;
        if self.kept {
            self.kept = false;
            effects.add(Effect::Finish(0, End::Error));
        }
        self.operations.remove(|op| op.on.is_none() && !(some && op.proven), |id| effects.add(Effect::Finish(id, End::Error)));
        // Whoever asks again at once is slowed down, and so are those that stay.
        match self.policy.pauses {
            Pauses::Theirs if self.retrying => self.wait = Wait::Owed,
            Pauses::Theirs if self.operations.none() => {}
            _ => self.rest(now, random),
        }
    }

    // ---- sockets

    fn socket(&mut self, id: u32) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|s| s.id == id)
    }

    fn open(&mut self, now: Now) {
        self.ids = self.ids.wrapping_add(1);
        let id = self.ids;
        let cause = if let Some(current) = self.current {
            // A socket that lasted ends what went wrong before it, here as where it is lost: the next pause is a short one.
            if !self.retrying && self.socket(current).is_some_and(|s| now.mono - s.since >= BRIEF) {
                self.pause = DurationMs::ZERO;
            }
            Cause::Rotation
        } else if self.retrying {
            Cause::Retry
        } else {
            Cause::First
        };
        self.sockets.push(Socket { id, phase: Phase::Opening, since: now.mono, heard: now.mono, pinged: None, end: None, stale: false });
        self.next = Some(id);
        self.effects.add(Effect::Open(id, cause));
    }

    fn opened(&mut self, id: u32, now: Now) {
        if let Some(socket) = self.socket(id) {
            socket.phase = Phase::Open;
            socket.since = now.mono;
            socket.heard = now.mono;
        }
    }

    fn acked(&mut self, id: u32, left: Option<DurationMs>, now: Now) {
        if self.next != Some(id) {
            return;
        }
        let Some(socket) = self.socket(id) else { return };
        socket.phase = Phase::Ready;
        socket.since = now.mono;
        socket.heard = now.mono;
        socket.pinged = None;
        socket.end = left.map(|left| (now.mono + left, now.wall + left));
        let stale = socket.stale;
        let end = match self.current {
            Some(old) => self.socket(old).and_then(|old| old.end),
            None => None,
        };
        // Closed by us before the server cuts it, where there is time for both.
        let left = end.map_or(HANDOVER, |(end, _)| DurationMs((end - now.mono).0 * 3 / 4));
        let span = if left > SOON { left.min(HANDOVER) } else { HANDOVER };
        // A rotation that is still under way ends with this one.
        self.take_all();
        self.next = None;
        self.current = Some(id);
        self.rotate = stale.then(|| now.mono + DurationMs::seconds(1));
        self.proven = true;
        self.retrying = false;
        self.barred = false;
        self.refusals = 0;
        self.accepted = 0;
        if self.policy.pauses == Pauses::Theirs {
            self.failures = 0;
        }
        for op in self.operations.each() {
            match (op.on, op.kind) {
                (None, _) => op.on = Some(id),
                (Some(_), Kind::Live) => {
                    op.to = Some(id);
                    self.handover = Some(now.mono + span);
                }
                (Some(_), Kind::Once) => continue,
            }
            self.effects.add(Effect::Send(op.id, id));
        }
    }

    fn heard(&mut self, id: u32, now: Now) {
        if let Some(socket) = self.socket(id) {
            socket.heard = now.mono;
            socket.pinged = None;
        }
    }

    fn renewed(&mut self, id: u32, now: Now, random: f64) {
        let current = self.current == Some(id);
        let Some(socket) = self.socket(id) else { return };
        if !current {
            socket.stale = true;
            return;
        }
        let left = socket.end.map_or(SPREAD, |(end, _)| end - now.mono);
        let spread = SPREAD.0.min(left.0 / 4).max(0);
        self.rotate.get_or_insert(now.mono + DurationMs((spread as f64 * random) as i64));
    }

    /// Closed by us, because it does not work.
    fn cut(&mut self, id: u32, code: u16, now: Now, random: f64) {
        self.effects.add(Effect::Close(id, code));
        self.closed(id, Close::Passing, now, random);
    }

    fn closed(&mut self, id: u32, close: Close, now: Now, random: f64) {
        let Some(at) = self.sockets.iter().position(|s| s.id == id) else { return };
        let socket = self.sockets.remove(at);
        let ready = socket.phase == Phase::Ready;
        let lasted = ready && now.mono - socket.since >= BRIEF;
        if lasted {
            self.failures = 0;
            self.doubts = 0;
            self.pause = DurationMs::ZERO;
        }
        let cut = ready && socket.end.is_some_and(|(mono, wall)| mono - now.mono <= NEAR || wall - now.wall <= NEAR);
        self.release(id);
        if self.current == Some(id) {
            self.current = None;
            self.rotate = None;
        } else if self.next != Some(id) {
            return;
        }
        if self.next == Some(id) {
            self.next = None;
        } else if self.next.is_some() {
            // Its successor is on the way.
            return;
        }
        match close {
            // What cannot be renewed now works until it ends.
            Close::Fatal if self.current.is_some() => self.rest(now, random),
            Close::Fatal => self.give_up(true, now, random),
            Close::Refused if self.policy.tokens => {
                self.refused(id);
                // It was accepted, and then not: the next one may fare the same.
                if ready && !lasted {
                    self.retry(now, random);
                }
            }
            Close::Doubtful if self.current.is_none() => {
                self.doubts += 1;
                if self.doubts < PATIENCE {
                    return self.retry(now, random);
                }
                self.doubts = 0;
                self.retrying = true;
                self.give_up(false, now, random);
            }
            Close::Normal if self.policy.pauses == Pauses::Theirs && (lasted || self.doubts == 0) => self.doubts = u32::from(!lasted),
            // The server keeps to the token. Once: a token that is refused within its lifetime would have it hurry for ever.
            _ if cut && self.policy.pauses == Pauses::Ours && (lasted || self.failures == 0) => {
                self.failures += u32::from(!lasted);
                self.retrying = true;
                self.wait = Wait::No;
            }
            _ => self.retry(now, random),
        }
    }

    /// Another attempt, after a pause.
    fn retry(&mut self, now: Now, random: f64) {
        if self.policy.attempts.is_some_and(|attempts| self.failures >= attempts) && self.current.is_none() {
            return self.give_up(true, now, random);
        }
        self.retrying = true;
        match self.policy.pauses {
            Pauses::Ours => {
                self.failures = self.failures.saturating_add(1);
                self.rest(now, random);
            }
            Pauses::Theirs if self.wait == Wait::Theirs => {}
            Pauses::Theirs => self.wait = Wait::Owed,
        }
    }

    /// A pause counts if somebody still wants what comes after it.
    fn paused(&mut self) {
        if self.wait != Wait::Theirs {
            return;
        }
        self.wait = Wait::Owed;
        if self.wanted() {
            self.wait = Wait::No;
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// Decorrelated jitter: anything from the shortest pause to three times the last one.
    fn rest(&mut self, now: Now, random: f64) {
        let most = (self.pause.0 * 3).max(PAUSE.0 * 3);
        let cap = if self.barred { BARRED } else { LONG };
        let pause = PAUSE.0 + ((most - PAUSE.0) as f64 * random.clamp(0.0, 1.0)) as i64;
        self.pause = DurationMs(pause).min(cap);
        self.wait = Wait::Until(now.mono + self.pause);
    }

    /// The first time with a better token, at once. The second time somebody must find out why: the close code does not say.
    fn refused(&mut self, id: u32) {
        self.refusals = self.refusals.saturating_add(1);
        self.retrying = true;
        if self.refusals == 1 {
            self.effects.add(Effect::Reject(id));
        } else {
            self.wait = Wait::Probe;
            self.effects.add(Effect::Probe);
        }
    }

    fn probed(&mut self, probe: Probe, now: Now, random: f64) {
        if self.wait != Wait::Probe {
            return;
        }
        self.wait = Wait::No;
        self.accepted = if probe == Probe::Accepted { self.accepted + 1 } else { 0 };
        self.barred |= matches!(probe, Probe::Passing | Probe::Refused);
        let working = self.current.is_some();
        let lasting = match probe {
            Probe::Accepted => !self.proven && self.accepted >= PATIENCE,
            Probe::Passing => !self.proven,
            Probe::Refused => true,
            Probe::Unreachable => false,
        };
        if lasting && !working {
            self.give_up(true, now, random);
        } else {
            self.retry(now, random);
        }
    }

    fn terminate(&mut self, now: Now, random: f64) {
        // Whoever asks for it does not want to wait.
        if let Wait::Until(_) = self.wait {
            self.wait = Wait::No;
        }
        if self.sockets.is_empty() {
            return;
        }
        self.current = None;
        self.next = None;
        self.rotate = None;
        for socket in std::mem::take(&mut self.sockets) {
            self.effects.add(Effect::Close(socket.id, 4499));
            self.release(socket.id);
        }
        self.retry(now, random);
        if let Wait::Until(_) = self.wait {
            self.wait = Wait::No;
        }
    }

    fn dispose(&mut self) {
        self.over = true;
        // What was asked for and not done yet is not done any more.
        self.effects.retain(|effect| matches!(effect, Effect::Close(..) | Effect::Finish(..)));
        let effects = &mut self.effects;
        self.operations.remove(|_| true, |id| effects.add(Effect::Finish(id, End::Complete)));
        for socket in self.sockets.drain(..) {
            effects.add(Effect::Close(socket.id, 1000));
        }
        effects.add(Effect::Status(Status::Closed, DurationMs::ZERO));
        effects.add(Effect::WakeIn(None));
    }

    // ---- time

    fn woken(&mut self, now: Now, random: f64) {
        if let Wait::Until(_) = self.wait {
            self.wait = Wait::No;
        }
        let Some(id) = self.current else { return };
        // The legacy protocol has no pings: what is asked there is never answered.
        let asks = self.policy.ping > DurationMs::ZERO;
        let Some(socket) = self.socket(id) else { return };
        if socket.end.is_some_and(|(mono, wall)| mono <= now.mono || wall <= now.wall) {
            self.cut(id, 4499, now, random);
        } else if asks && socket.pinged.is_none() {
            socket.pinged = Some(now.mono);
            self.effects.add(Effect::Ping(id));
        }
    }

    fn tick(&mut self, now: Now, random: f64) {
        if self.handover.is_some_and(|due| now.mono >= due) {
            self.take_all();
        }
        let due: Vec<Socket> = self.sockets.iter().filter(|s| self.deadline(s).is_some_and(|due| now.mono >= due)).copied().collect();
        for socket in due {
            match socket.phase {
                Phase::Opening => self.cut(socket.id, 4499, now, random),
                Phase::Open => self.cut(socket.id, 4504, now, random),
                Phase::Ready if socket.pinged.is_some() => self.cut(socket.id, 4499, now, random),
                Phase::Ready => {
                    if let Some(socket) = self.socket(socket.id) {
                        socket.pinged = Some(now.mono);
                    }
                    self.effects.add(Effect::Ping(socket.id));
                }
            }
        }
    }

    /// When a socket needs to be looked at.
    fn deadline(&self, socket: &Socket) -> Option<Mono> {
        let within = |from: Mono, span: DurationMs| (span > DurationMs::ZERO).then_some(from + span);
        match (socket.phase, socket.pinged) {
            (Phase::Opening, _) => within(socket.since, self.policy.connect),
            (Phase::Open, _) => within(socket.since, self.policy.ack),
            (Phase::Ready, Some(pinged)) => self.policy.dead.then_some(pinged + PONG),
            (Phase::Ready, None) => within(socket.heard, self.policy.ping),
        }
    }

    // ---- what follows

    fn wanted(&self) -> bool {
        self.kept || !self.operations.none()
    }

    fn settle(&mut self, now: Now) {
        let wanted = self.wanted();
        match (self.current, self.policy.idle) {
            (Some(current), Some(keep)) if !wanted => {
                let until = *self.idle.get_or_insert(now.mono + keep);
                if now.mono >= until || self.rotate.is_some() {
                    self.current = None;
                    self.rotate = None;
                    self.idle = None;
                    self.sockets.retain(|s| s.id != current);
                    self.effects.add(Effect::Close(current, 1000));
                }
            }
            _ => self.idle = None,
        }
        let kept = [self.current, self.next];
        let (operations, effects) = (&self.operations, &mut self.effects);
        self.sockets.retain(|s| {
            let stays = kept.contains(&Some(s.id)) || operations.uses(s.id);
            if !stays {
                effects.add(Effect::Close(s.id, 1000));
            }
            stays
        });
        if !self.operations.any(|op| op.to.is_some()) {
            self.handover = None;
        }
        // Also one that passed while nobody waited.
        if let Wait::Until(until) = self.wait
            && now.mono >= until
        {
            self.wait = Wait::No;
        }
        if wanted && self.wait == Wait::Owed {
            self.wait = Wait::Theirs;
            self.effects.add(Effect::Pause(self.failures));
        }
        let needed = self.current.is_none() || self.rotate.is_some_and(|due| now.mono >= due);
        if wanted && needed && self.next.is_none() && self.wait == Wait::No && !self.offline {
            self.open(now);
        }
    }

    fn tell(&mut self, now: Now) {
        let rotating = self.next.is_some() || self.handover.is_some();
        let status = match (self.current, self.wait) {
            (Some(_), _) if rotating => Status::Rotating,
            (Some(_), _) => Status::Connected,
            _ if self.barred => Status::Unauthorized,
            _ if !self.wanted() && self.next.is_none() => Status::Idle,
            _ if self.offline => Status::Offline,
            (_, Wait::Until(_) | Wait::Theirs) => Status::Waiting,
            _ => Status::Connecting,
        };
        let until = match self.wait {
            Wait::Until(until) if self.current.is_none() && self.wanted() && !self.offline => Some(until),
            _ => None,
        };
        // A pause is said once, not counted down.
        if self.said.0 == status && (until.is_none() || self.said.1 == until) {
            return;
        }
        self.said = (status, until);
        self.effects.add(Effect::Status(status, until.map_or(DurationMs::ZERO, |until| until - now.mono)));
    }

    /// Keeps the one timer where it is needed. One that goes off too soon is cheaper than one that is set with every event.
    fn alarm(&mut self, now: Now) {
        let pause = match self.wait {
            Wait::Until(until) if self.wanted() => Some(until),
            _ => None,
        };
        let rotate = self.rotate.filter(|_| self.wanted() && self.next.is_none() && self.wait == Wait::No && !self.offline);
        let first = self.sockets.iter().filter_map(|s| self.deadline(s)).chain([pause, rotate, self.handover, self.idle].into_iter().flatten()).min();
        let Some(due) = first else { return };
        if self.shown.is_none_or(|shown| due < shown) {
            self.shown = Some(due);
            self.effects.add(Effect::WakeIn(Some((due - now.mono).max(DurationMs::ZERO).min(LONGEST))));
        }
    }
}
