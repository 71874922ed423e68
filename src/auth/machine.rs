//! The machine's state, and how a reader is answered.

use super::budget::Budget;
use super::entry::{Entry, FlightId, Held, KeyId, Reason};
use super::identity::{Status, Who};
use super::policy::{ABREAST, Policy};
use super::skew::Skew;
use crate::core::error::Why;
use crate::core::lease::{Lease, LeaseId};
use crate::core::payload::Payload;
use crate::core::queue::Queue;
use crate::core::sabotage::{Fault, broken};
use crate::core::text::Mark;
use crate::core::time::{DurationMs, Mono, Now, UnixMillis};

/// What a reader wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Want {
    /// Any token that is good now.
    Any,
    /// For what cannot be sent twice: one that is not about to be renewed (H15).
    Ahead,
    /// One from a forced call.
    Forced,
    /// A backend refused this lease: a different one.
    Better(LeaseId),
    /// For a socket: one different from this lease, when it is time by this lead (or by the policy's).
    Next(Option<LeaseId>, Option<DurationMs>),
}

/// Somebody waiting. `W` is whatever the driver finds them by.
#[derive(Clone, Debug)]
pub struct Waiter<W> {
    /// Who.
    pub who: W,
    /// For which key.
    pub key: KeyId,
    /// What.
    pub want: Want,
    /// When they stop waiting; `NEVER` for a socket.
    pub deadline: Mono,
    /// The flight that has to settle before they are answered, if they need one that starts after they asked.
    pub after: Option<FlightId>,
}

/// The answer to a reader.
#[derive(Clone, Debug)]
pub enum Acquired<V> {
    /// Here it is.
    Ready(Lease<V>),
    /// Nobody is signed in.
    Anonymous,
    /// An effect will say.
    Pending,
    /// No.
    Failed(Why),
}

/// What the machine wants done. In order; nothing may be left out.
#[derive(Clone, Debug)]
pub enum Effect<V, W> {
    /// Ask the provider; answer with `settled`.
    Call {
        /// Names the call in the answer.
        flight: FlightId,
        /// For which key.
        key: KeyId,
        /// A token newer than the provider's cached one.
        force: bool,
        /// Why.
        reason: Reason,
    },
    /// The answer to this call is not wanted any more.
    Abort(FlightId),
    /// Give a waiter a token.
    Resolve(W, Lease<V>),
    /// Tell a waiter that nobody is signed in.
    Anonymous(W),
    /// Fail a waiter.
    Fail(W, Why),
    /// The synchronous hit of a key: token, not before, not after; or none. Written only from here.
    Mirror(KeyId, Option<(V, UnixMillis, UnixMillis)>),
    /// A new generation has begun: whatever was sent before belongs to somebody else now.
    Fence(u32),
    /// For observers.
    Notice(Notice),
}

/// Why the machine did what it did, in numbers; JavaScript makes the sentence when somebody reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// The provider is asked: why, and whether for a token newer than its cached one.
    Asked(Reason, bool),
    /// A token came in: what is left of it, its lead, and what is known of the clocks.
    Refreshed(DurationMs, DurationMs, Skew),
    /// The provider gave the same token: what is left of it, and when to look again.
    Kept(DurationMs, DurationMs),
    /// The provider failed: what is left of the token at hand, and when to try again.
    Failed(DurationMs, DurationMs),
    /// A forced call was wanted, and this minute's are used up.
    Denied,
}

/// What is odd about a token, and worth a word to the developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Odd {
    /// It cannot be read: no JWT, or an encrypted one.
    Opaque,
    /// Its `exp` is no plausible number of seconds.
    Expiry,
}

/// What observers are told. No secrets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Notice {
    /// Another identity, nobody (`Some(None)`), or not known.
    Identity(Option<Option<Mark>>),
    /// Another status.
    Status(Status),
    /// A known user left or was replaced.
    Forget,
    /// A token came in: key, local expiry, why.
    Token(KeyId, UnixMillis, Reason),
    /// The provider failed.
    RefreshFailed(KeyId, Why),
    /// A backend refused a token.
    Rejected(KeyId),
    /// A decision about a key: the trace of why the machine does what it does.
    Decision(KeyId, Decision),
    /// Never told who is signed in.
    Untold,
    /// The machine slept, or somebody set its clock.
    Wake,
    /// Something is odd about the token of a key.
    Odd(KeyId, Odd),
}

/// The token manager of one session.
pub struct Manager<V, W> {
    pub(super) policy: Policy,
    pub(super) who: Who,
    pub(super) generation: u32,
    pub(super) entries: Vec<Entry<V>>,
    pub(super) waiters: Vec<Waiter<W>>,
    pub(super) effects: Queue<Effect<V, W>>,
    pub(super) skew: Skew,
    pub(super) forced_all: Budget,
    pub(super) connected: bool,
    pub(super) disposed: bool,
    /// The identity source is being asked anew: nothing is handed out, and observers keep what they were told.
    pub(super) checking: bool,
    pub(super) visible: bool,
    pub(super) asking: Option<KeyId>,
    pub(super) last_flight: u32,
    pub(super) last_lease: u32,
    pub(super) said: Status,
    /// The last answer of a session that nobody told: `Some(true)` a token, `Some(false)` nobody.
    pub(super) heard: Option<bool>,
    pub(super) started: Option<Mono>,
    pub(super) warned: bool,
    /// The clocks when they were last looked at.
    pub(super) clock: Option<Now>,
    /// The forced call that shows the skew was spent: one per identity and wake.
    pub(super) calibrated: bool,
    /// A refusal cast doubt on the clocks while a call was under way that will not settle it: one that will is due. Once per identity and wake.
    pub(super) doubt: bool,
    pub(super) doubted: bool,
    /// Nothing is renewed ahead of need before this: not everything at once after a sleep.
    pub(super) calm: Mono,
    /// When failures were last forgiven because of a wake.
    pub(super) forgiven: Option<Mono>,
    /// Held because the provider went away, not because somebody said so.
    pub(super) gap: bool,
}

impl<W> Waiter<W> {
    /// Whether they have used no token yet, and so mean whoever is signed in.
    pub(super) fn fresh(&self) -> bool {
        matches!(self.want, Want::Any | Want::Ahead | Want::Forced | Want::Next(None, _))
    }
}

impl<V: Payload, W: Copy + PartialEq> Manager<V, W> {
    /// A machine that knows nobody and has no provider yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            who: Who::Untold(None),
            generation: 0,
            entries: Vec::new(),
            waiters: Vec::new(),
            effects: Queue::default(),
            skew: Skew::default(),
            forced_all: Budget::default(),
            connected: false,
            disposed: false,
            checking: false,
            visible: true,
            asking: None,
            last_flight: 0,
            last_lease: 0,
            said: Status::Unknown,
            heard: None,
            started: None,
            warned: false,
            clock: None,
            calibrated: false,
            doubt: false,
            doubted: false,
            calm: Mono(0),
            forgiven: None,
            gap: false,
        }
    }

    /// A new key. The app's name for it stays in JavaScript.
    pub fn add_key(&mut self) -> KeyId {
        self.entries.push(Entry::new());
        KeyId(self.entries.len() as u32 - 1)
    }

    /// The next thing to do.
    pub fn next_effect(&mut self) -> Option<Effect<V, W>> {
        self.effects.take()
    }

    /// The generation that a request made now belongs to.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Every key with its state, for `inspect()`.
    pub fn entries(&self) -> &[Entry<V>] {
        &self.entries
    }

    /// What is known of the clocks.
    pub fn skew(&self) -> &Skew {
        &self.skew
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy, to be set before the first reader comes.
    pub fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    /// Whether the session has ended.
    pub fn is_disposed(&self) -> bool {
        self.disposed
    }

    /// Whether the identity lets tokens out at all.
    pub fn open(&self) -> bool {
        self.connected && !self.checking && matches!(self.who, Who::Known(_) | Who::Untold(_))
    }

    /// Whether somebody tells who is signed in, so that a token may be kept between reads.
    pub(super) fn may_keep(&self) -> bool {
        matches!(self.who, Who::Known(_)) && !self.policy.uncached
    }

    /// The token at hand, if it may be handed out now. A clock set back before the moment of receipt proves nothing about it: ask again.
    pub(super) fn usable<'a>(&self, entry: &'a Entry<V>, now: Now) -> Option<&'a Held<V>> {
        let good = |h: &&Held<V>| now.wall < h.not_after(&self.policy, &self.skew, entry.latency) && now.wall >= h.obtained;
        entry.held.as_ref().filter(|h| broken(Fault::ServesExpired) || good(h))
    }

    fn lend(&self, entry: &Entry<V>, held: &Held<V>) -> Lease<V> {
        held.lend(&self.policy, &self.skew, entry.latency, self.generation)
    }

    /// The token at hand, asking nobody and changing nothing.
    pub fn peek(&self, key: KeyId, now: Now) -> Option<Lease<V>> {
        let entry = self.entries.get(key.0 as usize)?;
        if !self.may_keep() || !self.connected || entry.must_force.is_some() {
            return None;
        }
        self.usable(entry, now).map(|held| self.lend(entry, held))
    }

    /// A reader asks. `Pending` is followed by exactly one of `Resolve`, `Anonymous`, `Fail` for `who`.
    pub fn acquire(&mut self, now: Now, who: W, key: KeyId, want: Want, timeout: Option<DurationMs>) -> Acquired<V> {
        if self.disposed {
            return Acquired::Failed(Why::Disposed);
        }
        if self.asking == Some(key) {
            return Acquired::Failed(Why::Reentrant);
        }
        self.clock(now);
        if self.started.is_none() {
            self.started = Some(now.mono);
        }
        if let Some(entry) = self.entries.get_mut(key.0 as usize) {
            entry.last_read = Some(now.mono);
        }
        if self.who == Who::Nobody && self.connected {
            return Acquired::Anonymous;
        }
        let deadline = match want {
            Want::Next(..) => Mono::NEVER,
            _ => now.mono + timeout.unwrap_or(self.policy.timeout),
        };
        let mut waiter = Waiter { who, key, want, deadline, after: None };
        match self.serve(&mut waiter, now) {
            Acquired::Pending => {
                self.waiters.push(waiter);
                Acquired::Pending
            }
            answer => answer,
        }
    }

    /// Tries to answer a waiter from what is at hand; starts the flight they need otherwise.
    pub(super) fn serve(&mut self, waiter: &mut Waiter<W>, now: Now) -> Acquired<V> {
        if !self.open() {
            return Acquired::Pending;
        }
        let Some(entry) = self.entries.get(waiter.key.0 as usize) else {
            return Acquired::Pending;
        };
        let usable = self.usable(entry, now);
        let force = entry.must_force.is_some();
        let rejected = entry.held.as_ref().is_some_and(|h| h.rejected);
        // Whoever reads a refused token while the next one is on its way waits for that.
        let replacing = rejected && entry.flight.is_some();
        match waiter.want {
            Want::Any | Want::Ahead => {
                let due = entry.held.as_ref().is_some_and(|h| now.wall >= h.refresh_at(&self.policy, &self.skew));
                if let Some(held) = usable
                    && self.may_keep()
                    && !force
                    && !replacing
                    && !(due && matches!(waiter.want, Want::Ahead))
                {
                    let lease = self.lend(entry, held);
                    if due {
                        self.refresh(waiter.key, now);
                    }
                    return Acquired::Ready(lease);
                }
                self.join(waiter, now, entry_reason(entry), force)
            }
            Want::Better(refused) => {
                if let Some(held) = usable
                    && held.lease != refused
                    && !force
                {
                    return Acquired::Ready(self.lend(entry, held));
                }
                if let Some(held) = self.entries.get_mut(waiter.key.0 as usize).and_then(|e| e.held.as_mut())
                    && held.lease == refused
                {
                    held.rejected = true;
                }
                self.doubt_clock(waiter.key);
                self.join(waiter, now, Reason::Rejected, true)
            }
            Want::Forced => self.join(waiter, now, Reason::Forced, true),
            Want::Next(after, lead) => {
                // A refused token, or one whose contents changed, is no next one, and the one after it is due now.
                let force = rejected || force;
                if let Some(held) = usable
                    && Some(held.lease) != after
                    && !force
                {
                    return Acquired::Ready(self.lend(entry, held));
                }
                let time = |h: &Held<V>| now.wall >= self.next_due(h, entry.latency, lead) && !self.crowded(now);
                let due = force || usable.is_none() || entry.held.as_ref().is_none_or(time);
                let reason = if rejected { Reason::Rejected } else { entry_reason(entry) };
                if due { self.join(waiter, now, reason, force) } else { Acquired::Pending }
            }
        }
    }

    /// Whether enough keys are being renewed for now (H12).
    pub(super) fn crowded(&self, now: Now) -> bool {
        self.entries.iter().filter(|e| e.flying(&self.policy, now.mono)).count() >= ABREAST
    }

    /// A caller gave up: its slot is freed, the flight goes on.
    pub fn cancel(&mut self, who: W) {
        if broken(Fault::CallerOwnsFlight)
            && let Some(entry) = self.waiters.iter().find(|w| w.who == who).and_then(|w| self.entries.get_mut(w.key.0 as usize))
            && let Some(flight) = entry.flight.take()
        {
            self.effects.add(Effect::Abort(flight.id));
        }
        self.waiters.retain(|w| w.who != who);
    }

    /// The status, as `Session.status`.
    pub fn status(&self) -> Status {
        match &self.who {
            Who::Held(_) => Status::Unknown,
            Who::Nobody => Status::Anonymous,
            Who::Untold(_) if self.heard.is_none() => Status::Unknown,
            Who::Untold(_) if self.heard == Some(false) => Status::Anonymous,
            _ if self.entries.iter().any(|e| e.backoff.failures() > 0) => Status::Degraded,
            _ => Status::SignedIn,
        }
    }

    /// Who is there: `None` not known, `Some(None)` nobody.
    pub fn identity(&self) -> Option<Option<Mark>> {
        match &self.who {
            Who::Known(person) => Some(Some(person.key)),
            Who::Nobody => Some(None),
            Who::Untold(Some(trail)) => Some(Some(trail.key)),
            Who::Untold(None) if self.heard == Some(false) => Some(None),
            _ => None,
        }
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.effects.add(Effect::Notice(notice));
    }

    pub(super) fn decide(&mut self, key: KeyId, decision: Decision) {
        self.notice(Notice::Decision(key, decision));
    }

    /// Takes the waiters that are picked out of the list; the others stay, in order.
    pub(super) fn take(&mut self, pick: &dyn Fn(&Self, &Waiter<W>) -> bool) -> Vec<Waiter<W>> {
        let (mut taken, mut stay) = (Vec::new(), Vec::new());
        for waiter in std::mem::take(&mut self.waiters) {
            if pick(self, &waiter) { &mut taken } else { &mut stay }.push(waiter);
        }
        self.waiters = stay;
        taken
    }

    /// Fails everybody in a list.
    pub(super) fn fail_all(&mut self, waiters: Vec<Waiter<W>>, why: Why) {
        for waiter in waiters {
            self.effects.add(Effect::Fail(waiter.who, why));
        }
    }

    /// Tells observers when the status has changed.
    pub(super) fn settle_status(&mut self) {
        let status = self.status();
        if status != self.said {
            self.said = status;
            self.notice(Notice::Status(status));
        }
    }
}

fn entry_reason<V>(entry: &Entry<V>) -> Reason {
    match (&entry.held, entry.must_force) {
        (_, Some(reason)) => reason,
        (Some(_), _) => Reason::Expiring,
        (None, _) => Reason::First,
    }
}
