//! One session: the token manager and the calls that use it, over ports.

use std::cell::{Cell, RefCell};

use super::call::{Call, Next, Phase, Plan};
use super::ports::Ports;
use crate::auth::entry::{FlightId, KeyId};
use crate::auth::flights::Answer;
use crate::auth::identity::Told;
use crate::auth::machine::{Acquired, Effect, Manager, Want};
use crate::auth::policy::Policy;
use crate::core::error::Why;
use crate::core::http::{Head, Verdict};
use crate::core::lease::{Lease, LeaseId};
use crate::core::payload::Payload;
use crate::core::queue::Queue;
use crate::core::sabotage::{Fault, broken};
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

/// Whoever waits for the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A caller of `getToken`.
    Token(u32),
    /// A consumer of leases.
    Lease(u32),
    /// A request.
    Call(u32),
}

impl Target {
    fn number(self) -> u32 {
        match self {
            Self::Token(n) | Self::Lease(n) | Self::Call(n) => n,
        }
    }
}

/// What is to be done, taken out of the state before it is done.
enum Action<V> {
    /// What the machine wants, of whoever is no call.
    Do(Effect<V, Target>),
    Fail(u32, Why),
    Send(u32, Option<V>),
    Read(u32),
    Deliver(u32),
}

/// What can happen to a session.
pub enum Event<'a, V> {
    /// A provider is there; `watches`: it will report who is signed in.
    Connected {
        /// Whether it will.
        watches: bool,
    },
    /// The provider is gone.
    Disconnected,
    /// The identity source reports.
    Told(Told),
    /// The provider answered.
    Answered(FlightId, Answer<V>),
    /// A request is to be sent. The ports `deliver` or `fail` it exactly once, unless it is gone first.
    Call(u32, Plan),
    /// The answer to a call has begun, or more of it was read. Reply: whether still more is needed.
    Head(u32, Head<'a>),
    /// The caller's own classifier has spoken.
    Verdict(u32, Verdict),
    /// Over for a reason the world knows: the network failed, the caller aborted. Reply: whether it was a call still alive.
    Gone(Target),
    /// A consumer's server refused a lease.
    Rejected(LeaseId),
    /// A server that took a key's token shows its clock; with when it was asked, by ours.
    Shown(KeyId, UnixMillis, UnixMillis),
    /// The network is back, or the page was away.
    Woken,
    /// The identity source is asked anew, or has answered.
    Checking(bool),
    /// The app says that a token's contents changed; `None`: all of them.
    Invalidated(Option<KeyId>),
    /// The page became visible or hidden.
    Visible(bool),
    /// The timer went off.
    Tick,
    /// The end.
    Disposed,
}

/// A timer this late did not wait: the machine was off, longer than any throttling of a hidden page.
const LATE: DurationMs = DurationMs::seconds(90);

/// The machine and its calls.
struct State<V> {
    manager: Manager<V, Target>,
    calls: Vec<Call<V>>,
    actions: Queue<Action<V>>,
}

/// Runs one session.
pub struct Driver<P: Ports> {
    state: RefCell<State<P::Value>>,
    ports: P,
    pumping: Cell<bool>,
    armed: Cell<Option<Mono>>,
}

impl<P: Ports> Driver<P> {
    /// A session that knows nobody yet.
    pub fn new(policy: Policy, ports: P) -> Self {
        let state = State { manager: Manager::new(policy), calls: Vec::new(), actions: Queue::default() };
        Self { state: RefCell::new(state), ports, pumping: Cell::new(false), armed: Cell::new(None) }
    }

    /// The world.
    pub fn ports(&self) -> &P {
        &self.ports
    }

    /// Looks at the machine without changing it.
    pub fn look<R>(&self, look: impl FnOnce(&mut Manager<P::Value, Target>, Now) -> R) -> R {
        // The clocks are the page's: whatever it has put in their place may call back.
        let now = self.ports.now();
        look(&mut self.state.borrow_mut().manager, now)
    }

    /// Asks for a token. `Ready` or `Anonymous` at once, or `give`, `lend`, `fail` will say.
    pub fn get(&self, target: Target, key: KeyId, want: Want, timeout: Option<DurationMs>) -> Acquired<P::Value> {
        let now = self.ports.now();
        let answer = self.state.borrow_mut().manager.acquire(now, target, key, want, timeout);
        self.pump();
        match answer {
            // A provider that is asked for the next one may have said that somebody else is signed in now.
            Acquired::Ready(lease) if lease.generation != self.look(|m, _| m.generation()) => {
                Acquired::Failed(if self.look(|m, _| m.is_disposed()) { Why::Disposed } else { Why::IdentityChanged })
            }
            answer => answer,
        }
    }

    /// Something happened. What the machine wants done is done before this returns, unless a port is calling back.
    /// The reply answers the few events that ask something.
    pub fn handle(&self, event: Event<P::Value>) -> bool {
        let now = self.ports.now();
        // Asked for only where it is needed: each question crosses the boundary.
        let random = if matches!(event, Event::Answered(..)) { self.ports.random() } else { 0.0 };
        let mut state = self.state.borrow_mut();
        if matches!(event, Event::Tick) {
            // Where the monotonic clock goes on in a sleep, only a timer that comes far too late shows it.
            if self.armed.take().is_some_and(|at| now.mono - at > LATE) {
                state.manager.woke(now);
            }
        }
        let reply = state.handle(event, now, random);
        drop(state);
        self.pump();
        reply
    }

    fn pump(&self) {
        // Whoever calls back from inside a port only adds to the queue; the outermost call works it off, in order.
        if self.pumping.replace(true) {
            return;
        }
        loop {
            let action = self.state.borrow_mut().next();
            let Some(action) = action else { break };
            self.act(action);
        }
        self.pumping.set(false);
        let now = self.ports.now();
        let deadline = self.state.borrow().deadline(now);
        // An earlier timer than needed stays: it looks again. To set it anew each time would cost every request one, and put a
        // timer that is due off for as long as requests keep coming.
        let stays = match (self.armed.get(), deadline) {
            (Some(armed), Some(at)) => armed <= at && armed > now.mono,
            (armed, at) => armed == at,
        };
        if !stays {
            self.armed.set(deadline);
            self.ports.wake_in(deadline.map(|at| at - now.mono));
        }
    }

    fn act(&self, action: Action<P::Value>) {
        let ports = &self.ports;
        match action {
            Action::Do(Effect::Call { flight, key, force, reason }) => {
                self.state.borrow_mut().manager.asking(Some(key));
                ports.ask(flight, key, force, reason);
                self.state.borrow_mut().manager.asking(None);
            }
            Action::Do(Effect::Abort(flight)) => ports.drop_ask(flight),
            Action::Do(Effect::Resolve(target, lease)) => give(ports, target, Some(&lease)),
            Action::Do(Effect::Anonymous(target)) => give(ports, target, None),
            Action::Do(Effect::Fail(target, why)) => ports.fail(target.number(), why),
            Action::Do(Effect::Fence(generation)) => ports.fence(generation),
            Action::Do(Effect::Mirror(key, hit)) => ports.mirror(key, hit.as_ref().map(|(v, from, until)| (v, *from, *until))),
            Action::Do(Effect::Notice(notice)) => ports.notice(&notice),
            Action::Fail(n, why) => ports.fail(n, why),
            Action::Send(call, token) => ports.send(call, token.as_ref()),
            Action::Read(call) => ports.read(call),
            Action::Deliver(call) => ports.deliver(call),
        }
    }
}

fn give<P: Ports>(ports: &P, target: Target, lease: Option<&Lease<P::Value>>) {
    match target {
        Target::Token(n) => ports.give(n, lease),
        _ => ports.lend(target.number(), lease),
    }
}

impl<V: Payload> State<V> {
    fn handle(&mut self, event: Event<V>, now: Now, random: f64) -> bool {
        match event {
            Event::Connected { watches } => self.manager.connect(now, watches),
            Event::Disconnected => self.manager.disconnect(),
            Event::Told(told) => self.manager.hear(now, told),
            Event::Answered(flight, answer) => self.manager.settled(now, flight, answer, random),
            Event::Call(id, plan) => self.open(id, plan, now),
            Event::Head(id, head) => return self.judge(id, &head, now),
            Event::Verdict(id, verdict) => {
                if let Some(call) = self.find(id) {
                    let next = call.follow(verdict, now.mono);
                    self.conclude(id, next, now);
                }
            }
            Event::Gone(target) => {
                self.manager.cancel(target);
                return matches!(target, Target::Call(id) if self.remove(id));
            }
            Event::Rejected(lease) => self.manager.reject(now, lease, true),
            Event::Shown(key, server, asked) => self.manager.shown(now, key, server, asked),
            Event::Woken => self.manager.woke(now),
            Event::Checking(checking) => self.manager.check(now, checking),
            Event::Invalidated(key) => self.manager.invalidate(now, key),
            Event::Visible(visible) => {
                self.manager.visible(now, visible);
                self.tick(now);
            }
            Event::Tick => self.tick(now),
            Event::Disposed => self.manager.dispose(),
        }
        false
    }

    fn tick(&mut self, now: Now) {
        self.manager.tick(now);
        self.unpause(now);
    }

    fn open(&mut self, id: u32, plan: Plan, now: Now) {
        let mut call = Call::new(id, plan, self.manager.generation());
        if self.manager.is_disposed() {
            return self.actions.add(Action::Fail(id, Why::Disposed));
        }
        let Some(key) = plan.key else {
            call.phase = Phase::Sent;
            self.calls.push(call);
            self.actions.add(Action::Send(id, None));
            return;
        };
        self.calls.push(call);
        self.acquire(id, key, if plan.replayable { Want::Any } else { Want::Ahead }, now);
    }

    fn acquire(&mut self, id: u32, key: KeyId, want: Want, now: Now) {
        match self.manager.acquire(now, Target::Call(id), key, want, None) {
            Acquired::Ready(lease) => self.token(id, Some(lease)),
            Acquired::Anonymous => self.token(id, None),
            Acquired::Pending => {}
            Acquired::Failed(why) => self.no_token(id, why),
        }
    }

    fn find(&mut self, id: u32) -> Option<&mut Call<V>> {
        self.calls.iter_mut().find(|c| c.id == id)
    }

    fn token(&mut self, id: u32, lease: Option<Lease<V>>) {
        let generation = self.manager.generation();
        let Some(call) = self.find(id) else { return };
        // It was asked for as whoever was signed in then, and only they may send it.
        if call.generation != generation && !broken(Fault::RequestsGoOn) {
            return self.no_token(id, Why::IdentityChanged);
        }
        let refused = call.phase == Phase::Refused;
        // The machine may have had to forget what it gave out (a provider that went and came back); the call has not.
        let again = matches!((&call.lease, &lease), (Some(old), Some(new)) if refused && old.value.same(&new.value) && !broken(Fault::SameToken));
        match lease {
            Some(_) if again => return self.end(id, Action::Deliver(id)),
            None if refused => return self.end(id, Action::Deliver(id)),
            None if !call.plan.anonymous => {
                return self.end(id, Action::Fail(id, Why::SignedOut));
            }
            _ => {}
        }
        call.replayed |= refused;
        call.phase = Phase::Sent;
        let token = lease.as_ref().map(|l| l.value.clone());
        call.lease = lease;
        self.actions.add(Action::Send(id, token));
    }

    fn no_token(&mut self, id: u32, why: Why) {
        let Some(call) = self.find(id) else { return };
        // There is no better token: the backend's own refusal says more than our error about that.
        let keep = call.phase == Phase::Refused && !matches!(why, Why::IdentityChanged | Why::Disposed);
        self.end(id, if keep { Action::Deliver(id) } else { Action::Fail(id, why) });
    }

    fn end(&mut self, id: u32, with: Action<V>) {
        self.remove(id);
        self.actions.add(with);
    }

    /// Whether there was such a call.
    fn remove(&mut self, id: u32) -> bool {
        let found = self.calls.iter().position(|c| c.id == id);
        found.map(|at| self.calls.remove(at)).is_some()
    }

    fn judge(&mut self, id: u32, head: &Head, now: Now) -> bool {
        let Some(call) = self.find(id) else { return false };
        let next = call.judge(head, now.mono);
        if next == Next::Read {
            if !head.read {
                self.actions.add(Action::Read(id));
            }
            return true;
        }
        self.conclude(id, next, now);
        false
    }

    fn conclude(&mut self, id: u32, next: Next, now: Now) {
        match next {
            Next::Read => {}
            Next::Deliver => self.end(id, Action::Deliver(id)),
            Next::Refused(lease, curable) => {
                self.manager.reject(now, lease, curable);
                self.end(id, Action::Deliver(id));
            }
            Next::Pause(until) => {
                if let Some(call) = self.find(id) {
                    call.phase = Phase::Paused(until);
                    call.replayed = true;
                }
            }
            Next::Renew(lease) => {
                let Some(key) = self.find(id).and_then(|call| {
                    call.phase = Phase::Refused;
                    call.plan.key
                }) else {
                    return;
                };
                self.manager.reject(now, lease, false);
                self.acquire(id, key, Want::Better(lease), now);
            }
        }
    }

    fn unpause(&mut self, now: Now) {
        // While it is not known who is signed in, nothing is sent, and an expired token never is: the answer that there is must do.
        let manager = &self.manager;
        let actions = &mut self.actions;
        self.calls.retain_mut(|call| {
            if !matches!(call.phase, Phase::Paused(at) if at <= now.mono) {
                return true;
            }
            call.phase = Phase::Sent;
            let again = match (call.plan.key, &call.lease) {
                (Some(key), Some(lease)) => manager.open() && manager.lasts(key, lease, now),
                _ => true,
            };
            actions.add(if again { Action::Send(call.id, call.lease.as_ref().map(|l| l.value.clone())) } else { Action::Deliver(call.id) });
            again
        });
    }

    fn fence(&mut self, generation: u32) {
        if broken(Fault::NoFence) {
            return;
        }
        let why = if self.manager.is_disposed() { Why::Disposed } else { Why::IdentityChanged };
        // A request decided on before the fence and not sent yet never is; an answer not handed over yet never is either.
        // A port may have called back in between: what was begun after the fence is this side of it.
        let ours = |calls: &[Call<V>], id| calls.iter().any(|c| c.id == id && c.generation >= generation);
        let mut decided = std::mem::take(&mut self.actions);
        while let Some(action) = decided.take() {
            match action {
                Action::Send(id, _) if !ours(&self.calls, id) => {}
                Action::Deliver(id) => self.actions.add(Action::Fail(id, why)),
                other => self.actions.add(other),
            }
        }
        let (actions, manager) = (&mut self.actions, &mut self.manager);
        self.calls.retain(|call| {
            let old = call.generation < generation && !(broken(Fault::RequestsGoOn) && call.phase == Phase::Waiting);
            if old {
                // One that waits for its token is a waiter of the machine's, which may let others go on: it waits no more.
                manager.cancel(Target::Call(call.id));
                actions.add(Action::Fail(call.id, why));
            }
            !old
        });
    }

    /// The next thing to do: what the machine wants first, so that a fence stands before anything else moves.
    fn next(&mut self) -> Option<Action<V>> {
        loop {
            let Some(effect) = self.manager.next_effect() else { return self.actions.take() };
            match effect {
                // Somebody else was told of while it stood in the queue: nobody wants the answer.
                Effect::Call { flight, .. } if self.manager.flight_key(flight).is_none() => {}
                // A listener may have reported another identity while this answer stood in the queue.
                Effect::Resolve(target, lease) if lease.generation != self.manager.generation() => {
                    match target {
                        Target::Call(id) => self.no_token(id, Why::IdentityChanged),
                        _ => return Some(Action::Fail(target.number(), Why::IdentityChanged)),
                    }
                }
                Effect::Resolve(Target::Call(id), lease) => self.token(id, Some(lease)),
                Effect::Anonymous(Target::Call(id)) => self.token(id, None),
                Effect::Fail(Target::Call(id), why) => self.no_token(id, why),
                Effect::Fence(generation) => {
                    self.fence(generation);
                    return Some(Action::Do(effect));
                }
                _ => return Some(Action::Do(effect)),
            }
        }
    }

    fn deadline(&self, now: Now) -> Option<Mono> {
        let mut next = self.manager.deadline(now);
        for call in &self.calls {
            if let Phase::Paused(at) = call.phase {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        next
    }
}
