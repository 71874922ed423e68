//! What ends tokens before their time: another identity, a refusal, the app's word. And the clock that wakes the machine.

use super::entry::{Held, KeyId};
use super::identity::{Before, Change, Told, Who};
use super::machine::{Acquired, Effect, Manager, Notice, Waiter, Want};
use super::policy::{STUCK, TIMER_CAP, UNTOLD};
use crate::core::error::Why;
use crate::core::lease::LeaseId;
use crate::core::payload::Payload;
use crate::core::text::Mark;
use crate::core::time::{DurationMs, UnixMillis};

impl<V: Payload, W: Copy + PartialEq> Manager<V, W> {
    /// A provider is there. `watches`: it will report who is signed in, so tokens are held until it does.
    pub fn connect(&mut self, now: UnixMillis, watches: bool) {
        if self.disposed {
            return;
        }
        self.connected = true;
        if watches && matches!(self.who, Who::Untold(_)) {
            return self.hear(now, Told::Unknown);
        }
        if !watches && std::mem::take(&mut self.gap) {
            // Nobody will say who the new provider speaks for: its tokens do, and what was sent for the one before is fenced off.
            self.bump(true);
            self.who = Who::Untold(None);
            self.heard = None;
        }
        self.reconsider(now);
    }

    /// The provider is gone; calls wait for the next one. What it gave is not kept: the next one may speak for somebody else.
    pub fn disconnect(&mut self) {
        self.connected = false;
        self.drop_tokens();
        if self.who.hear(Told::Unknown) == Change::Held {
            self.gap = true;
            self.notice(Notice::Identity(None));
        }
        self.settle_status();
    }

    /// The identity source reports.
    pub fn hear(&mut self, now: UnixMillis, told: Told) {
        if self.disposed {
            return;
        }
        self.gap = false;
        // Tokens may have spoken, but not of whom.
        let unnamed = matches!(self.who, Who::Untold(None) | Who::Held(Before::Never));
        match self.who.hear(told) {
            Change::None => return,
            Change::Held => self.clear_mirrors(),
            Change::Adopted if unnamed && self.who == Who::Nobody && self.heard == Some(true) => self.bump(true),
            // Nobody knows whose they were: the next read asks.
            Change::Adopted if unnamed => self.drop_held(),
            Change::Adopted => {}
            Change::Bumped { left } => self.bump(left),
        }
        let identity = self.identity();
        self.notice(Notice::Identity(identity));
        self.settle_status();
        self.reconsider(now);
    }

    /// A new generation. The order is the safety: the number first, then what was waiting, then what was kept, then those who want to know.
    pub(super) fn bump(&mut self, left: bool) {
        self.generation += 1;
        self.effects.push_back(Effect::Fence(self.generation));
        let waiting = std::mem::take(&mut self.waiters);
        self.fail_all(waiting, Why::IdentityChanged);
        self.drop_tokens();
        if left {
            self.notice(Notice::Forget);
        }
    }

    fn drop_tokens(&mut self) {
        for entry in &mut self.entries {
            for flight in [entry.flight.take(), entry.stray.take()].into_iter().flatten() {
                self.effects.push_back(Effect::Abort(flight.id));
            }
            entry.held = None;
            entry.newest = None;
            entry.must_force = false;
            entry.backoff.reset();
            entry.retry_at = UnixMillis(0);
            entry.last_error = None;
        }
        self.clear_mirrors();
    }

    fn drop_held(&mut self) {
        for entry in &mut self.entries {
            entry.held = None;
        }
    }

    fn clear_mirrors(&mut self) {
        for n in 0..self.entries.len() as u32 {
            self.effects.push_back(Effect::Mirror(KeyId(n), None));
        }
    }

    /// Nobody ever told who is signed in, and the token is somebody else's than the last one.
    pub(super) fn noticed_another(&mut self, now: UnixMillis, key: KeyId, subject: Option<Mark>) {
        // The flight that noticed is already off its entry, and whoever joined it asked as "whoever is signed in": they get the new token.
        // Whoever has used a token of the one before does not.
        let joined = self.take(&|_, w| w.key == key && w.fresh());
        let others = self.take(&|_, w| w.fresh());
        self.bump(true);
        self.waiters = joined;
        self.who = Who::Untold(subject);
        let identity = self.identity();
        self.notice(Notice::Identity(identity));
        self.resume(now, others);
    }

    /// Looks at everybody who waits again.
    pub(super) fn reconsider(&mut self, now: UnixMillis) {
        if self.who == Who::Nobody && self.connected {
            for waiter in std::mem::take(&mut self.waiters) {
                self.effects.push_back(Effect::Anonymous(waiter.who));
            }
            return;
        }
        let gated = self.take(&|m, w| !m.flying(w, now));
        self.resume(now, gated);
        // What is kept is served from the mirror again.
        for n in 0..self.entries.len() as u32 {
            self.mirror(KeyId(n));
        }
    }

    fn flying(&self, waiter: &Waiter<W>, now: UnixMillis) -> bool {
        self.entries.get(waiter.key.0 as usize).is_some_and(|e| e.flight.is_some_and(|f| !f.stuck(now)))
    }

    /// A backend refused a lease, and nobody waits for a better one yet.
    pub fn reject(&mut self, now: UnixMillis, lease: LeaseId) {
        let Some(at) = self.entries.iter().position(|e| e.held.as_ref().is_some_and(|h| h.lease == lease)) else { return };
        let key = KeyId(at as u32);
        if let Some(held) = self.entries.get_mut(at).and_then(|e| e.held.as_mut()) {
            if held.rejected {
                return;
            }
            held.rejected = true;
            held.look_again = None;
        }
        self.notice(Notice::Rejected(key));
        self.mirror(key);
        if self.waiters.iter().any(|w| w.key == key && matches!(w.want, Want::Next(..))) {
            self.renew(now, key, lease);
        }
    }

    fn renew(&mut self, now: UnixMillis, key: KeyId, lease: LeaseId) {
        for mut waiter in self.take(&|_, w| w.key == key && matches!(w.want, Want::Next(..))) {
            let wanted = std::mem::replace(&mut waiter.want, Want::Better(lease));
            let answer = self.serve(&mut waiter, now);
            waiter.want = wanted;
            match answer {
                Acquired::Ready(found) => self.effects.push_back(Effect::Resolve(waiter.who, found)),
                _ => self.waiters.push(waiter),
            }
        }
    }

    /// The app says that the contents of a token changed: the next read of it forces.
    pub fn invalidate(&mut self, now: UnixMillis, key: Option<KeyId>) {
        for n in 0..self.entries.len() as u32 {
            if key.is_some_and(|k| k.0 != n) {
                continue;
            }
            let mut dropped = false;
            if let Some(entry) = self.entries.get_mut(n as usize) {
                entry.must_force = true;
                if let Some(flight) = &mut entry.flight {
                    flight.cures = false;
                }
                dropped = entry.held.take().is_some();
            }
            self.mirror(KeyId(n));
            // Sockets want their next token now, not at the old one's lead.
            if dropped {
                let sockets = self.take(&|_, w| w.key.0 == n && matches!(w.want, Want::Next(..)));
                self.resume(now, sockets);
            }
        }
    }

    /// The page can be seen or not: only one that can be seen refreshes ahead of need.
    pub fn visible(&mut self, now: UnixMillis, visible: bool) {
        self.visible = visible;
        if visible {
            self.tick(now);
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: UnixMillis) {
        if self.disposed {
            return;
        }
        for waiter in self.take(&|_, w| w.deadline <= now) {
            let why = self.timeout();
            self.effects.push_back(Effect::Fail(waiter.who, why));
        }
        if !self.open() {
            return;
        }
        for n in 0..self.entries.len() as u32 {
            if self.due(KeyId(n), now).is_some_and(|at| at <= now) {
                self.refresh(KeyId(n), now);
            }
        }
        let sockets = self.take(&|m, w| matches!(w.want, Want::Next(..)) && !m.flying(w, now));
        self.resume(now, sockets);
        if matches!(self.who, Who::Untold(_)) && self.heard == Some(true) && !self.warned && self.started.is_some_and(|at| now - at >= UNTOLD) {
            self.warned = true;
            self.notice(Notice::Untold);
        }
    }

    /// When a key is refreshed ahead of need: in a visible page, if it was read within the last lifetime.
    fn due(&self, key: KeyId, now: UnixMillis) -> Option<UnixMillis> {
        let entry = self.entries.get(key.0 as usize)?;
        let held = entry.held.as_ref()?;
        let at = held.refresh_at(&self.policy, &self.skew).max(entry.rested(&self.policy, held.life, now));
        let read = entry.last_read?;
        (self.visible && self.may_keep() && self.open() && entry.flight.is_none() && read + held.life >= at.max(now)).then_some(at)
    }

    /// When a socket wants its next token.
    pub(super) fn next_due(&self, held: &Held<V>, latency: DurationMs, lead: Option<DurationMs>) -> UnixMillis {
        let by_lead = match lead {
            _ if held.rejected => return held.obtained,
            Some(lead) => held.expires_at(&self.skew) - DurationMs(lead.0.clamp(self.policy.margin(held.life, latency).0, held.life.0 / 2)),
            None => held.refresh_at(&self.policy, &self.skew),
        };
        held.look_again.map_or(by_lead, |again| by_lead.max(again))
    }

    /// When to call [`Manager::tick`] next. Never further away than the cap, so that a sleeping machine or a 40-day token cannot break it.
    pub fn deadline(&self, now: UnixMillis) -> Option<UnixMillis> {
        if self.disposed {
            return None;
        }
        let mut next = UnixMillis::NEVER;
        for waiter in &self.waiters {
            next = next.min(waiter.deadline);
            if let (Want::Next(_, lead), Some(entry)) = (waiter.want, self.entries.get(waiter.key.0 as usize))
                && self.open()
            {
                let at = match entry.flight {
                    Some(flight) => flight.began + STUCK,
                    None => entry.held.as_ref().map_or(now, |h| self.next_due(h, entry.latency, lead)),
                };
                next = next.min(at.max(entry.retry_at));
            }
        }
        for n in 0..self.entries.len() as u32 {
            if let Some(at) = self.due(KeyId(n), now) {
                next = next.min(at);
            }
        }
        if let (Who::Untold(_), Some(true), false, Some(at)) = (&self.who, self.heard, self.warned, self.started) {
            next = next.min(at + UNTOLD);
        }
        // A minimum as well: a refresh that may not fly yet (too soon, no budget) must not spin the timer.
        (next != UnixMillis::NEVER).then(|| next.max(now + DurationMs(50)).min(now + TIMER_CAP))
    }

    /// What was missing when somebody waited in vain.
    fn timeout(&self) -> Why {
        match (self.connected, &self.who) {
            (false, _) => Why::NoProvider,
            (true, Who::Held(_)) => Why::NoIdentity,
            _ => Why::NoAnswer,
        }
    }

    /// Ends everything. What waits is told so.
    pub fn dispose(&mut self) {
        if self.disposed {
            return;
        }
        self.disposed = true;
        self.generation += 1;
        self.effects.push_back(Effect::Fence(self.generation));
        let waiting = std::mem::take(&mut self.waiters);
        self.fail_all(waiting, Why::Disposed);
        self.drop_tokens();
    }
}
