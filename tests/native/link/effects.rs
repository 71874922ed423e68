//! What the machine says is carried out, and each thing it says is judged by what the page knows.

use crate::page::{Page, Socket, Stage};
use crate::server::{Asks, Said, Wire};
use countersign::link::{Cause, Close, Effect, End, Event, Pauses, Status};
use countersign::core::time::DurationMs;

impl Page {
    pub fn carry_out(&mut self, effect: Effect, event: Event) {
        match effect {
            Effect::Open(id, cause) => self.open(id, cause, event),
            Effect::Send(op, id) => self.send(op, id, event),
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
                assert!(self.kept && end == End::Error && self.current.is_none(), "{effect:?}, by {event:?}");
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
        let mut wire = Wire::new(self.mood, None, latency);
        wire.full = self.full && self.current.is_some() && self.random.once_in(8);
        let token = self.now + self.random.within(0, self.slow + 1);
        self.sockets.insert(id, Socket { stage: Stage::Token(token), wire, renew_at: None, believed: None });
        self.count(match cause {
            Cause::First => "First",
            Cause::Retry => "Retry",
            Cause::Rotation => "Rotation",
        });
    }

    fn send(&mut self, op: u32, id: u32, event: Event) {
        assert_eq!(self.current, Some(id), "operation {op} is sent on an old socket");
        let expired = self.expired(id);
        let state = self.ops.get_mut(&op).unwrap_or_else(|| panic!("operation {op} is over"));
        // The server has just accepted it.
        assert!(!expired || matches!(event, Event::Acked(..)), "operation {op} is sent on a socket whose token has expired");
        assert!(state.asks != Asks::Once || !state.sent, "query {op} is sent twice");
        assert!(state.to.is_none(), "operation {op} changes over twice at once");
        state.sent = true;
        let again = std::mem::take(&mut state.declined);
        if state.on.is_none() {
            state.on = Some(id);
        } else {
            state.to = Some(id);
        }
        let socket = self.sockets.get_mut(&id).unwrap();
        assert!(socket.wire.sent.insert(op) || again, "operation {op} is sent twice on socket {id}");
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
    pub fn show(&mut self, op: u32, from: u64, to: u64) {
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
}
