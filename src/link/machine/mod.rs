//! The machine. One per connection.

mod losing;
mod opening;
mod placing;
mod upkeep;

use super::operations::Operations;
use super::{Close, Effect, Event, Policy, Status};
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
/// So many signs in a row a server that cannot be asked may leave out, and what counts as a rhythm at all: some say twice at once that they live.
const MISSED: i64 = 3;
const RHYTHM: DurationMs = DurationMs::seconds(1);
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
    /// When the server last said by itself that it lives, and the longest time between two such signs.
    beat: Option<Mono>,
    rhythm: DurationMs,
    /// When its token expires, by both clocks: one may stand still in sleep.
    end: Option<(Mono, UnixMillis)>,
    /// There was a better token before it was acknowledged.
    stale: bool,
}

impl Socket {
    /// By either clock.
    fn expired(&self, now: Now) -> bool {
        self.end.is_some_and(|(mono, wall)| mono <= now.mono || wall <= now.wall)
    }
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
                if socket.beat.take().is_some() {
                    socket.heard = now.mono;
                }
            }
            self.woken(now, random);
        }
        match event {
            Event::Start => self.kept = true,
            Event::Subscribe(id, kind) => self.operations.add(id, kind),
            Event::Unsubscribe(id) | Event::Ended(id) => self.ended(id, matches!(event, Event::Ended(_))),
            Event::Opened(id) => self.opened(id, now),
            Event::Acked(id, left) => self.acked(id, left, now),
            Event::Heard(id) => self.heard(id, now),
            Event::Beat(id) => self.beat(id, now),
            Event::Declined(op, socket) => self.declined(op, socket),
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
}
