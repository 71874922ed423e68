//! What ends tokens before their time: another identity, a refusal, the app's word. And the clock that wakes the machine.

use super::entry::{Held, KeyId, Reason};
use super::identity::{Before, Change, Told, Trail, Who};
use super::machine::{Acquired, Effect, Manager, Notice, Waiter, Want};
use super::policy::{JUMP, TIMER_CAP, TIMER_CAP_HIDDEN, UNTOLD};
use crate::core::error::Why;
use crate::core::lease::LeaseId;
use crate::core::payload::Payload;
use crate::core::sabotage::{Fault, broken};
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

impl<V: Payload, W: Copy + PartialEq> Manager<V, W> {
    /// A provider is there. `watches`: it will report who is signed in, so tokens are held until it does.
    pub fn connect(&mut self, now: Now, watches: bool) {
        if self.disposed {
            return;
        }
        self.clock(now);
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
    pub fn hear(&mut self, now: Now, told: Told) {
        if self.disposed {
            return;
        }
        self.clock(now);
        self.gap = false;
        // Tokens may have spoken, but not of whom.
        let unnamed = matches!(self.who, Who::Untold(None) | Who::Held(Before::Never));
        match self.who.hear(told) {
            Change::None => return,
            Change::Held => self.clear_mirrors(),
            Change::Adopted if unnamed && self.who == Who::Nobody && self.heard == Some(true) => self.bump(true),
            // There is nobody to ask for any more.
            Change::Adopted if self.who == Who::Nobody => self.drop_tokens(),
            // Nobody knows whose they were: the next read asks.
            Change::Adopted if unnamed => self.drop_held(),
            Change::Adopted => {}
            Change::Bumped { left } => {
                self.bump(left);
                // The provider's cache may still hold what it had for the organisation that was left, under the name of the new one (H10).
                if matches!(told, Told::Moved(_)) {
                    self.entries.iter_mut().for_each(|e| e.must_force = Some(Reason::Identity));
                }
            }
        }
        let identity = self.identity();
        self.notice(Notice::Identity(identity));
        self.settle_status();
        self.reconsider(now);
    }

    /// A new generation. The order is the safety: the number first, then what was waiting, then what was kept, then those who want to know.
    pub(super) fn bump(&mut self, left: bool) {
        self.generation += 1;
        self.uncalibrate();
        self.effects.add(Effect::Fence(self.generation));
        let waiting = std::mem::take(&mut self.waiters);
        self.fail_all(waiting, Why::IdentityChanged);
        self.drop_tokens();
        if left {
            self.notice(Notice::Forget);
        }
    }

    fn drop_tokens(&mut self) {
        for entry in &mut self.entries {
            if !broken(Fault::KeepsFlight) {
                for slot in [&mut entry.flight, &mut entry.stray] {
                    if let Some(flight) = slot.take() {
                        self.effects.add(Effect::Abort(flight.id));
                    }
                }
            }
            if !broken(Fault::KeepsToken) {
                entry.held = None;
            }
            entry.newest = None;
            entry.must_force = None;
            entry.backoff.reset();
            entry.retry_at = Mono(0);
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
            self.effects.add(Effect::Mirror(KeyId(n), None));
        }
    }

    /// Nobody ever told who is signed in, and the token is somebody else's than the last one, or for another organisation.
    pub(super) fn noticed_another(&mut self, now: Now, key: KeyId, before: Trail, said: Trail) {
        // The flight that noticed is already off its entry, and whoever joined it asked as "whoever is signed in": they get the new token.
        // Whoever has used a token of the one before does not.
        let joined = self.take(&|_, w| w.key == key && w.fresh());
        let others = self.take(&|_, w| w.fresh());
        self.bump(true);
        if before.subject.is_some() && before.subject == said.subject {
            let moved = self.entries.iter_mut().enumerate().filter(|(n, _)| *n as u32 != key.0);
            moved.for_each(|(_, e)| e.must_force = Some(Reason::Identity));
        }
        self.waiters = joined;
        self.who = Who::Untold(Some(said));
        let identity = self.identity();
        self.notice(Notice::Identity(identity));
        self.resume(now, others);
    }

    /// The page was put aside, or another tab says that somebody left: who is there is asked anew, and until that is answered nobody is handed anything.
    /// Unlike a hold it is not told to anybody: most often it is the same person.
    pub fn check(&mut self, now: Now, checking: bool) {
        self.checking = checking;
        if !checking && !self.disposed {
            self.reconsider(now);
        }
    }

    /// Looks at everybody who waits again.
    pub(super) fn reconsider(&mut self, now: Now) {
        if self.who == Who::Nobody && self.connected {
            for waiter in std::mem::take(&mut self.waiters) {
                self.effects.add(Effect::Anonymous(waiter.who));
            }
            return;
        }
        let gated = self.take(&|m, w| !m.flying(w, now));
        self.resume(now, gated);
        // What is kept is served from the mirror again.
        self.mirror_all();
    }

    pub(super) fn mirror_all(&mut self) {
        for n in 0..self.entries.len() as u32 {
            self.mirror(KeyId(n));
        }
    }

    fn flying(&self, waiter: &Waiter<W>, now: Now) -> bool {
        self.entries.get(waiter.key.0 as usize).is_some_and(|e| e.flying(&self.policy, now.mono))
    }

    /// A backend refused a lease, and nobody waits for a better one yet. `cure`: get one all the same, for whoever comes next.
    pub fn reject(&mut self, now: Now, lease: LeaseId, cure: bool) {
        self.clock(now);
        let Some(at) = self.entries.iter().position(|e| e.held.as_ref().is_some_and(|h| h.lease == lease)) else { return };
        let key = KeyId(at as u32);
        if let Some(held) = self.entries.get_mut(at).and_then(|e| e.held.as_mut()) {
            if held.rejected {
                return;
            }
            held.rejected = true;
            held.look_again = None;
        }
        self.doubt_clock(key);
        self.notice(Notice::Rejected(key));
        self.mirror(key);
        if self.waiters.iter().any(|w| w.key == key && matches!(w.want, Want::Next(..))) {
            self.renew(now, key, lease);
        } else if cure && self.open() && self.entries.get(at).is_none_or(|e| e.flight.is_none()) {
            // One that may not fly is no error: the next call decides.
            let _ = self.launch(key, now, Reason::Rejected, true);
        }
    }

    fn renew(&mut self, now: Now, key: KeyId, lease: LeaseId) {
        for mut waiter in self.take(&|_, w| w.key == key && matches!(w.want, Want::Next(..))) {
            let wanted = std::mem::replace(&mut waiter.want, Want::Better(lease));
            let answer = self.serve(&mut waiter, now);
            waiter.want = wanted;
            match answer {
                Acquired::Ready(found) => self.effects.add(Effect::Resolve(waiter.who, found)),
                _ => self.waiters.push(waiter),
            }
        }
    }

    /// The app says that the contents of a token changed: the next read of it forces.
    pub fn invalidate(&mut self, now: Now, key: Option<KeyId>) {
        self.clock(now);
        let patience = now.mono + self.policy.backoff_max;
        for n in 0..self.entries.len() as u32 {
            if key.is_some_and(|k| k.0 != n) {
                continue;
            }
            let mut dropped = false;
            if let Some(entry) = self.entries.get_mut(n as usize) {
                // The token is kept, unused, so that it is known again should the provider answer with it once more.
                entry.must_force.get_or_insert(Reason::Forced);
                // What could not get better by waiting may be mended now.
                if entry.retry_at > patience {
                    entry.retry_at = Mono(0);
                }
                if let Some(flight) = &mut entry.flight {
                    flight.cures = false;
                }
                dropped = entry.held.is_some();
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
    pub fn visible(&mut self, now: Now, visible: bool) {
        self.visible = visible;
        if visible {
            self.tick(now);
        }
    }

    /// Looks at the clocks. One that jumped against the other: the machine slept, or somebody set the wall clock (H3).
    pub(super) fn clock(&mut self, now: Now) {
        let Some(last) = self.clock.replace(now) else { return };
        if ((now.wall - last.wall).0 - (now.mono - last.mono).0).abs() > JUMP.0 {
            self.woke(now);
            // What was wanted before a sleep may not be wanted after it.
            self.entries.iter_mut().for_each(|e| e.last_read = None);
        }
    }

    fn uncalibrate(&mut self) {
        self.calibrated = false;
        self.doubted = false;
    }

    /// A refusal may mean that our clock is behind by less than a token is old: nothing else shows it (H1). Where a forced call follows anyway, that shows it.
    pub(super) fn doubt_clock(&mut self, key: KeyId) {
        let unforced = self.entries.get(key.0 as usize).is_some_and(|e| e.flight.is_some_and(|f| !f.forced));
        if unforced && !self.doubted && !self.skew.calibrated() {
            self.doubted = true;
            self.doubt = true;
        }
    }

    /// The machine slept, its clock was set, or the network is back: what was known of the clocks is not known any more, and what failed may be tried again.
    /// Nothing is asked for here: whoever wants something asks, and what is renewed ahead of need waits up to two seconds, so that not all pages and keys do at once.
    pub fn woke(&mut self, now: Now) {
        // One that the page tells of is not seen a second time.
        self.clock = Some(now);
        self.skew.forget();
        self.uncalibrate();
        self.calm = now.mono + DurationMs(now.wall.0.rem_euclid(2_000));
        // Not at every one: a clock that jumps to and fro must not undo the back-off.
        let forgive = self.forgiven.is_none_or(|at| now.mono - at >= DurationMs::seconds(60));
        if forgive {
            self.forgiven = Some(now.mono);
        }
        for entry in &mut self.entries {
            if let Some(held) = &mut entry.held {
                held.look_again = None;
            }
            // Not what only a change of the configuration mends.
            if forgive && entry.retry_at - now.mono <= self.policy.backoff_max {
                entry.retry_at = Mono(0);
            }
        }
        self.notice(Notice::Wake);
        if self.open() {
            self.mirror_all();
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Now) {
        if self.disposed {
            return;
        }
        self.clock(now);
        for waiter in self.take(&|_, w| w.deadline <= now.mono && !broken(Fault::NoDeadline)) {
            let why = self.timeout();
            self.effects.add(Effect::Fail(waiter.who, why));
        }
        if !self.open() {
            return;
        }
        for n in 0..self.entries.len() as u32 {
            if self.due(KeyId(n), now).is_some_and(|at| at <= now.mono) {
                self.refresh(KeyId(n), now);
            }
        }
        let sockets = self.take(&|m, w| matches!(w.want, Want::Next(..)) && !m.flying(w, now));
        self.resume(now, sockets);
        if matches!(self.who, Who::Untold(_)) && self.heard == Some(true) && !self.warned && self.started.is_some_and(|at| now.mono - at >= UNTOLD) {
            self.warned = true;
            self.notice(Notice::Untold);
        }
    }

    /// When a key is refreshed ahead of need: in a visible page, if it was read within the last lifetime, and not too many at once.
    fn due(&self, key: KeyId, now: Now) -> Option<Mono> {
        let entry = self.entries.get(key.0 as usize)?;
        let held = entry.held.as_ref()?;
        let at = now.mono_at(held.refresh_at(&self.policy, &self.skew)).max(entry.rested(&self.policy, held.life)).max(self.calm);
        let read = entry.last_read?;
        let wanted = broken(Fault::TimersAlways) || self.visible && read + held.life >= at.max(now.mono);
        (wanted && self.may_keep() && self.open() && entry.flight.is_none() && !self.crowded(now)).then_some(at)
    }

    /// When a socket wants its next token, by the wall clock.
    pub(super) fn next_due(&self, held: &Held<V>, latency: DurationMs, lead: Option<DurationMs>) -> UnixMillis {
        let by_lead = match lead {
            // Long ago.
            _ if held.rejected => return UnixMillis(0),
            Some(lead) => held.expires_at(&self.skew) - DurationMs(lead.0.clamp(self.policy.margin(held.life, latency).0, held.life.0 / 2)),
            None => held.refresh_at(&self.policy, &self.skew),
        };
        held.look_again.map_or(by_lead, |again| by_lead.max(again)).min(held.not_after(&self.policy, &self.skew, latency))
    }

    /// When to call [`Manager::tick`] next. Never further away than the cap, so that a sleeping machine or a 40-day token cannot break it.
    pub fn deadline(&self, now: Now) -> Option<Mono> {
        if self.disposed {
            return None;
        }
        let mut next = Mono::NEVER;
        for waiter in &self.waiters {
            next = next.min(waiter.deadline);
            if let (Want::Next(after, lead), Some(entry)) = (waiter.want, self.entries.get(waiter.key.0 as usize))
                && self.open()
            {
                let at = match (entry.flight, &entry.held) {
                    (Some(flight), _) => flight.stuck_at(&self.policy),
                    // What a token of another key showed of the clocks may have made good what is not what they have: they are served then.
                    (_, Some(held)) if entry.must_force.is_none() && (held.rejected || after == Some(held.lease)) && self.usable(entry, now).is_some() => {
                        let at = now.mono_at(self.next_due(held, entry.latency, lead));
                        // Its turn comes when a flight settles, and that is looked at then; or when one is given up on.
                        if self.crowded(now) && !held.rejected { at.max(self.cleared()) } else { at }
                    }
                    _ => now.mono,
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
        let cap = if self.visible { TIMER_CAP } else { TIMER_CAP_HIDDEN };
        // A minimum as well: a refresh that may not fly yet (too soon, no budget) must not spin the timer.
        (next != Mono::NEVER).then(|| next.max(now.mono + DurationMs(50)).min(now.mono + cap))
    }

    /// When the first of the flights in the air is given up on.
    fn cleared(&self) -> Mono {
        self.entries.iter().filter_map(|e| e.flight).map(|f| f.stuck_at(&self.policy)).min().unwrap_or_default()
    }

    /// What was missing when somebody waited in vain.
    fn timeout(&self) -> Why {
        match (self.connected, &self.who) {
            (false, _) => Why::NoProvider,
            (true, Who::Held(_)) => Why::NoIdentity,
            _ if self.checking => Why::NoIdentity,
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
        self.effects.add(Effect::Fence(self.generation));
        let waiting = std::mem::take(&mut self.waiters);
        self.fail_all(waiting, Why::Disposed);
        self.drop_tokens();
    }
}
