//! A socket that is lost, refused or given up: what follows for the others.

use super::{Link, Phase, Wait, BARRED, BRIEF, LONG, NEAR, PATIENCE, PAUSE};
use crate::link::{Close, Effect, End, Pauses, Probe, Status};
use crate::core::time::{DurationMs, Now};

impl Link {
    /// Closed by us, because it does not work.
    pub(super) fn cut(&mut self, id: u32, code: u16, now: Now, random: f64) {
        self.effects.add(Effect::Close(id, code));
        self.closed(id, Close::Passing, now, random);
    }

    pub(super) fn closed(&mut self, id: u32, close: Close, now: Now, random: f64) {
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
    pub(super) fn retry(&mut self, now: Now, random: f64) {
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
    pub(super) fn paused(&mut self) {
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
    pub(super) fn rest(&mut self, now: Now, random: f64) {
        let most = (self.pause.0 * 3).max(PAUSE.0 * 3);
        let cap = if self.barred { BARRED } else { LONG };
        let pause = PAUSE.0 + ((most - PAUSE.0) as f64 * random.clamp(0.0, 1.0)) as i64;
        self.pause = DurationMs(pause).min(cap);
        self.wait = Wait::Until(now.mono + self.pause);
    }

    /// The first time with a better token, at once. The second time somebody must find out why: the close code does not say.
    pub(super) fn refused(&mut self, id: u32) {
        self.refusals = self.refusals.saturating_add(1);
        self.retrying = true;
        if self.refusals == 1 {
            self.effects.add(Effect::Reject(id));
        } else {
            self.wait = Wait::Probe;
            self.effects.add(Effect::Probe);
        }
    }

    pub(super) fn probed(&mut self, probe: Probe, now: Now, random: f64) {
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

    pub(super) fn terminate(&mut self, now: Now, random: f64) {
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

    pub(super) fn dispose(&mut self) {
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
}
