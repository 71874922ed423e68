//! A socket from the wish to its acknowledgement, and to the better token.

use super::{Link, Phase, Socket, BRIEF, HANDOVER, RHYTHM, SLEPT, SOON, SPREAD};
use crate::link::{Cause, Effect, Kind, Pauses};
use crate::core::time::{DurationMs, Now};

impl Link {
    pub(super) fn socket(&mut self, id: u32) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|s| s.id == id)
    }

    pub(super) fn open(&mut self, now: Now) {
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
        self.sockets.push(Socket { id, phase: Phase::Opening, since: now.mono, heard: now.mono, pinged: None, beat: None, rhythm: DurationMs::ZERO, end: None, stale: false });
        self.next = Some(id);
        self.effects.add(Effect::Open(id, cause));
    }

    pub(super) fn opened(&mut self, id: u32, now: Now) {
        if let Some(socket) = self.socket(id) {
            socket.phase = Phase::Open;
            socket.since = now.mono;
            socket.heard = now.mono;
        }
    }

    pub(super) fn acked(&mut self, id: u32, left: Option<DurationMs>, now: Now) {
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

    pub(super) fn heard(&mut self, id: u32, now: Now) {
        if let Some(socket) = self.socket(id) {
            socket.heard = now.mono;
            socket.pinged = None;
        }
    }

    pub(super) fn beat(&mut self, id: u32, now: Now) {
        self.heard(id, now);
        let Some(socket) = self.socket(id) else { return };
        let since = socket.beat.replace(now.mono).map_or(DurationMs::ZERO, |last| now.mono - last);
        if since >= RHYTHM {
            // A page that is busy for that long does not take the server for dead.
            socket.rhythm = socket.rhythm.max(since).max(SLEPT);
        }
    }

    pub(super) fn renewed(&mut self, id: u32, now: Now, random: f64) {
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
}
