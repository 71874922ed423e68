//! Which socket an operation is on, and how it leaves.

use super::{Link, Wait};
use crate::link::{Effect, End, Kind, Pauses};
use crate::core::time::Now;

impl Link {
    /// What is on no socket belongs on the current one. If its token has expired, as it does in a sleep that nobody noticed, the server may have cut it: what may be
    /// sent only once waits for the next one.
    pub(super) fn place(&mut self, now: Now) {
        let Some(current) = self.current else { return };
        if self.policy.tokens && self.socket(current).is_some_and(|socket| socket.expired(now)) {
            return;
        }
        for op in self.operations.each().filter(|op| op.on.is_none()) {
            op.on = Some(current);
            self.effects.add(Effect::Send(op.id, current));
        }
    }

    /// The old socket still has it. Where both have gone, it waits for the next one like all others.
    pub(super) fn declined(&mut self, id: u32, socket: u32) {
        if let Some(op) = self.operations.get(id)
            && op.to == Some(socket)
        {
            op.to = None;
        }
    }

    /// By the caller: both sockets are told. By the server: it may still run on the other one, and stopping what has ended is allowed.
    pub(super) fn ended(&mut self, id: u32, by_server: bool) {
        let Some(op) = self.operations.take(id) else { return };
        for socket in [op.on, op.to].into_iter().flatten() {
            if !by_server || op.to.is_some() {
                self.effects.add(Effect::Stop(id, socket));
            }
        }
    }

    pub(super) fn arrived(&mut self, id: u32, socket: u32) {
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
    pub(super) fn take_all(&mut self) {
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
    pub(super) fn release(&mut self, socket: u32) {
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
    pub(super) fn give_up(&mut self, all: bool, now: Now, random: f64) {
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
}
