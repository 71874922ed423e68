//! What happens by itself: time goes by, tokens come, servers answer, and the page reads.

use crate::page::{Page, Provider, Stage};
use crate::server::{Answer, Asks, Mood, Said};
use countersign::backends::hasura::close::{hasura, standard};
use countersign::link::{Close, Event};
use countersign::core::time::DurationMs;

impl Page {
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
            Answer::Sign if self.policy.tokens && self.policy.ping == DurationMs::ZERO => {
                self.count("Beat");
                self.tell(Event::Beat(id));
            }
            Answer::Sign => self.tell(Event::Heard(id)),
            Answer::Closed(code, words) => self.tell(Event::Closed(id, self.close(code, words))),
            Answer::Next(op, from, to) => {
                self.tell(Event::Heard(id));
                if self.sockets.contains_key(&id) {
                    self.result(id, op, from, to);
                }
            }
            Answer::Failed(op) if self.ops.get(&op).is_some_and(|state| state.to == Some(id)) => {
                let state = self.ops.get_mut(&op).unwrap();
                (state.to, state.declined) = (None, true);
                self.sockets.get_mut(&id).unwrap().wire.uses.remove(&op);
                self.count("Declined");
                self.tell(Event::Declined(op, id));
            }
            Answer::Complete(op) | Answer::Failed(op) => {
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
