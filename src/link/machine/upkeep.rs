//! Time: who is asked whether he lives, what is settled after each event, the one timer.

use super::{Link, Phase, Socket, Wait, LONGEST, MISSED, PONG};
use crate::link::{Effect, Status};
use crate::core::time::{DurationMs, Mono, Now};

impl Link {
    pub(super) fn woken(&mut self, now: Now, random: f64) {
        if let Wait::Until(_) = self.wait {
            self.wait = Wait::No;
        }
        let Some(id) = self.current else { return };
        // The legacy protocol has no pings: what is asked there is never answered.
        let asks = self.policy.ping > DurationMs::ZERO;
        let Some(socket) = self.socket(id) else { return };
        if socket.expired(now) {
            self.cut(id, 4499, now, random);
        } else if asks && socket.pinged.is_none() {
            socket.pinged = Some(now.mono);
            self.effects.add(Effect::Ping(id));
        }
    }

    pub(super) fn tick(&mut self, now: Now, random: f64) {
        if self.handover.is_some_and(|due| now.mono >= due) {
            self.take_all();
        }
        // One that is looked at has no deadline before long, or is gone.
        while let Some(socket) = self.sockets.iter().find(|s| self.deadline(s).is_some_and(|due| now.mono >= due)).copied() {
            match socket.phase {
                Phase::Opening => self.cut(socket.id, 4499, now, random),
                Phase::Open => self.cut(socket.id, 4504, now, random),
                // Asked, or not to be asked.
                Phase::Ready if socket.pinged.is_some() || self.policy.ping <= DurationMs::ZERO => self.cut(socket.id, 4499, now, random),
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
    pub(super) fn deadline(&self, socket: &Socket) -> Option<Mono> {
        let within = |from: Mono, span: DurationMs| (span > DurationMs::ZERO).then_some(from + span);
        match (socket.phase, socket.pinged) {
            (Phase::Opening, _) => within(socket.since, self.policy.connect),
            (Phase::Open, _) => within(socket.since, self.policy.ack),
            (Phase::Ready, Some(pinged)) => self.policy.dead.then_some(pinged + PONG),
            (Phase::Ready, None) if self.policy.ping > DurationMs::ZERO => Some(socket.heard + self.policy.ping),
            // Who cannot be asked is known by his rhythm.
            (Phase::Ready, None) => within(socket.heard, DurationMs(socket.rhythm.0 * MISSED)),
        }
    }

    pub(super) fn wanted(&self) -> bool {
        self.kept || !self.operations.none()
    }

    pub(super) fn settle(&mut self, now: Now) {
        self.place(now);
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
        let needed = self.current.is_none() || self.rotate.is_some_and(|due| now.mono >= due) || self.operations.any(|op| op.on.is_none());
        if wanted && needed && self.next.is_none() && self.wait == Wait::No && !self.offline {
            self.open(now);
        }
    }

    pub(super) fn tell(&mut self, now: Now) {
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
    pub(super) fn alarm(&mut self, now: Now) {
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
