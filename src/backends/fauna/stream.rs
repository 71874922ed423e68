//! One subscription to an event source, over `/stream/1` or by polling `/feed/1`: when to connect, when to give a connection up, when to
//! go on from the last cursor, when to begin anew, when to end.
//!
//! Cursors, events and tokens stay outside: a connection is made *from the last cursor*, whatever that is. The server sends everything
//! after it, so a connection that is broken off, by the network or by us before its token expires, loses and doubles nothing; that is
//! why an old connection is closed before the next one is asked for. It also says why a consumer may hold the events back.
//!
//! Facts of the server (source, May 2025): the first event is `status`, and another comes about every five minutes; a token is looked at
//! again within a minute after its `exp`, and the stream then ends with `permission_loss`, as it does when somebody edits a role; a restart
//! closes the connection cleanly, without an event; 128 events are replayed at most.

use crate::core::backoff::jitter;
use crate::core::queue::Queue;
use crate::core::time::{DurationMs, Mono, Now};

/// From the request to the first event. A server that answers always sends a `status` at once; a session that waits for its token gives up before.
const CONNECT: DurationMs = DurationMs::seconds(45);
/// Without a byte for so long the connection is dead: the server's own sign of life comes every five minutes.
const IDLE: DurationMs = DurationMs::seconds(330);
/// Back from sleep or from another tab: a connection that was quiet for so long may be dead without knowing.
const QUIET: DurationMs = DurationMs::seconds(30);
/// A connection that ends so soon after its first event did not last: what ended it will end the next one too.
const BRIEF: DurationMs = DurationMs::seconds(5);
/// So often in a row, and without a connection that lasted, the server may say that rights are lost, that the source must be made anew or that the token is
/// refused, before it is believed.
const PATIENCE: u32 = 3;
/// As far as a browser's timer counts; one that is asked for more goes off at once.
const LONGEST: DurationMs = DurationMs(i32::MAX as i64);

/// How the events travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// One long answer of `/stream/1`.
    Stream,
    /// One answer of `/feed/1` after the other, this long apart.
    Feed(DurationMs),
}

/// What a subscription is told at its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Over what.
    pub via: Via,
    /// Attempts in a row until the first success: a wrong endpoint should be heard of soon.
    pub first_attempts: u32,
    /// Attempts in a row after that; `None`: it never gives up.
    pub attempts: Option<u32>,
    /// The longest pause between two attempts.
    pub max_backoff: DurationMs,
    /// There is a query that makes the source, so it can be made anew.
    pub query: bool,
}

/// What happened. `id` is the connection (or the run of the source query) it happened to; what an earlier one says is not heard.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Somebody listens.
    Start,
    /// The query answered with an event source.
    Sourced(u32),
    /// Bytes of a stream came that are no error. The first ones prove that the connection works.
    Heard(u32),
    /// A page of a feed came; whether there is more to fetch at once.
    Page(u32, bool),
    /// The server said no, by an error event or by its answer, to the query too; status 0 in an event.
    Refused(u32, &'a str, u16),
    /// What came is not Fauna's: a portal of a network, perhaps.
    Garbled(u32),
    /// The stream ended cleanly.
    Ended(u32),
    /// No connection, or it broke.
    Dropped(u32),
    /// It cannot go on, and not because of the network: nobody is signed in, the user changed, the query is wrong.
    Fatal(u32),
    /// A fresher token is at hand.
    Renewed,
    /// The page came back, or the network did.
    Woken,
    /// Whether the page is seen.
    Seen(bool),
    /// The consumer has enough for now (true), or goes on.
    Held(bool),
    /// A timer went off.
    Tick,
    /// Nobody listens any more.
    Close,
}

/// Why a connection ended, for those who watch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// There was none before.
    None,
    /// Before its token expires.
    Renewed,
    /// The page was away.
    Woken,
    /// The server closed it.
    Ended,
    /// The network, or no network.
    Dropped,
    /// Nothing came for too long.
    Silent,
    /// The server looked at the token again and did not like it.
    PermissionLoss,
    /// The server is busy or failed.
    Refused,
    /// Too far behind: the source is made anew.
    Resync,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Run the query that makes the source.
    Source(u32),
    /// Ask for events after the last cursor.
    Connect(u32, Cause),
    /// This connection (or run of the query) is over: abort it.
    Abort(u32),
    /// Say that it works.
    Open,
    /// Say that it waits, and for how long.
    Wait(DurationMs, Cause),
    /// Events were missed, and the source is a new one: forget the cursor, and tell the consumer that it must read anew.
    Resync,
    /// The only timer; `None`: none.
    WakeIn(Option<DurationMs>),
    /// It is over, with the last error.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Idle,
    Sourcing,
    Connecting,
    Open,
    Waiting,
    Over,
}

/// By the clock that says more: one of them may have stood still in sleep.
fn passed(from: Now, to: Now) -> DurationMs {
    (to.wall - from.wall).max(to.mono - from.mono)
}

/// The machine. One per subscription.
#[derive(Debug)]
pub struct Stream {
    policy: Policy,
    phase: Phase,
    id: u32,
    /// Is there a source? Otherwise the query must run (again).
    sourced: bool,
    /// There was a source before, and it was given up: events were missed.
    missed: bool,
    /// Whether a connection ever worked.
    proven: bool,
    /// When this connection was first heard.
    first: Option<Now>,
    /// When it was last heard.
    last: Now,
    /// Attempts in a row without an event.
    failures: u32,
    /// Connections in a row that worked and did not last.
    flaps: u32,
    /// Refusals of a kind that may pass, in a row and without a connection that lasted.
    refusals: u32,
    /// A fresher token came while it connected, or just after: it is renewed a little later.
    stale: bool,
    held: bool,
    hidden: bool,
    due: Option<Mono>,
    shown: Option<Mono>,
    effects: Queue<Effect>,
}

impl Stream {
    /// Does nothing until it is started.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            phase: Phase::Idle,
            id: 0,
            sourced: !policy.query,
            missed: false,
            proven: false,
            first: None,
            last: Now::default(),
            failures: 0,
            flaps: 0,
            refusals: 0,
            stale: false,
            held: false,
            hidden: false,
            due: None,
            shown: None,
            effects: Queue::default(),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.take()
    }

    /// Takes an event. `random` is in `[0, 1)`.
    pub fn handle(&mut self, event: Event, now: Now, random: f64) {
        match event {
            Event::Start if self.phase == Phase::Idle => self.go(Cause::None, now),
            Event::Close if self.phase != Phase::Over => self.over(),
            Event::Sourced(id) if self.is(id, Phase::Sourcing) => {
                self.sourced = true;
                // Not before: whoever read before the new source began would miss what happened in between.
                if self.missed {
                    self.effects.add(Effect::Resync);
                }
                self.go(Cause::None, now);
            }
            Event::Heard(id) if self.runs(id) => self.heard(now),
            Event::Page(id, more) if self.runs(id) => self.page(more, now),
            Event::Refused(id, code, status) if self.alive(id) => self.refused(code, status, now, random),
            Event::Garbled(id) if self.alive(id) && !self.proven => self.end(),
            Event::Garbled(id) | Event::Dropped(id) if self.alive(id) => self.lost(Cause::Dropped, now, random),
            Event::Ended(id) if self.alive(id) => self.lost(Cause::Ended, now, random),
            Event::Fatal(id) if self.id == id && self.phase != Phase::Over => self.end(),
            Event::Renewed => self.renewed(now),
            Event::Woken => self.woken(now),
            Event::Seen(seen) => self.seen(seen, now),
            Event::Held(held) => self.hold(held, now),
            Event::Tick => {
                // It may have gone off early: then it is set anew below.
                self.shown = None;
                self.tick(now, random);
            }
            _ => {}
        }
        self.alarm(now);
    }

    fn is(&self, id: u32, phase: Phase) -> bool {
        self.id == id && self.phase == phase
    }

    /// The connection of that number, working or not yet.
    fn runs(&self, id: u32) -> bool {
        self.is(id, Phase::Connecting) || self.is(id, Phase::Open)
    }

    fn alive(&self, id: u32) -> bool {
        self.runs(id) || self.is(id, Phase::Sourcing)
    }

    /// A page of a feed is one request with a fresh token: only a stream lives long enough to outlive one.
    fn renewed(&mut self, now: Now) {
        match (self.phase, self.policy.via) {
            // What it sent is not read yet, and more than the server would send again: it goes on until the server ends it.
            (Phase::Open, Via::Stream) if self.held => {}
            (Phase::Open, Via::Stream) if !self.brief(now) => self.again(Cause::Renewed, now),
            // Tokens that live for a moment only would otherwise have it connect without a pause.
            (Phase::Open, Via::Stream) if !self.stale => {
                self.stale = true;
                self.watch(now);
            }
            // Which token its request carries is not known. Breaking it off could go on for ever; it is renewed once it works.
            (Phase::Connecting, Via::Stream) => self.stale = true,
            _ => {}
        }
    }

    fn go(&mut self, cause: Cause, now: Now) {
        self.id = self.id.wrapping_add(1);
        self.first = None;
        self.stale = false;
        if self.sourced {
            self.phase = Phase::Connecting;
            // A feed's request has a time limit of its own, which knows how long the server may take. Nobody reads for a consumer that has enough.
            self.due = (self.policy.via == Via::Stream && !self.held).then(|| now.mono + CONNECT);
            self.effects.add(Effect::Connect(self.id, cause));
        } else {
            self.phase = Phase::Sourcing;
            self.due = None;
            self.effects.add(Effect::Source(self.id));
        }
    }

    /// Breaks off what runs, and asks for what comes after the last cursor.
    fn again(&mut self, cause: Cause, now: Now) {
        self.forgive(now);
        self.stop();
        self.go(cause, now);
    }

    /// Nothing runs any more.
    fn stop(&mut self) {
        if self.alive(self.id) {
            self.effects.add(Effect::Abort(self.id));
        }
        self.due = None;
    }

    fn heard(&mut self, now: Now) {
        self.last = now;
        if self.first.is_none() {
            self.first = Some(now);
            self.proven = true;
            self.failures = 0;
            self.phase = Phase::Open;
            self.effects.add(Effect::Open);
        } else if self.stale {
            return;
        }
        self.watch(now);
    }

    /// When to look after a connection that works. One that was not read for long, and lives, has something to read at once.
    fn watch(&mut self, now: Now) {
        // A token that came at the beginning is waited with from the beginning on: it may live hardly longer than that.
        let since = self.first.map_or(DurationMs::ZERO, |first| passed(first, now));
        let wait = if self.stale { DurationMs(BRIEF.0.saturating_sub(since.0).max(0)) } else { DurationMs(IDLE.0.saturating_sub(passed(self.last, now).0)).max(CONNECT) };
        self.due = (!self.held).then(|| now.mono + wait);
    }

    fn page(&mut self, more: bool, now: Now) {
        let Via::Feed(every) = self.policy.via else { return };
        if !self.proven || self.failures > 0 {
            self.effects.add(Effect::Open);
        }
        (self.proven, self.failures, self.refusals) = (true, 0, 0);
        if more && !self.held {
            return self.go(Cause::None, now);
        }
        self.phase = Phase::Waiting;
        self.due = (!self.held && !self.hidden).then(|| now.mono + every.min(LONGEST));
    }

    fn refused(&mut self, code: &str, status: u16, now: Now, random: f64) {
        match code {
            // The usual end of a token: the next connection has another one. Rights that are gone for good end every connection at once.
            "permission_loss" => match self.count(now) {
                0 => self.again(Cause::PermissionLoss, now),
                PATIENCE.. => self.end(),
                _ => self.lost(Cause::PermissionLoss, now, random),
            },
            "stream_replay_volume_exceeded" | "invalid_stream_start_time" if self.policy.query => {
                let times = self.count(now);
                if times >= PATIENCE {
                    return self.end();
                }
                (self.sourced, self.missed) = (false, true);
                if times == 0 { self.again(Cause::Resync, now) } else { self.lost(Cause::Resync, now, random) }
            }
            // Refused although the session has a new token: after it worked for a while, the issuer's keys may be out of the server's reach.
            "unauthorized" => {
                if self.proven && self.count(now) < PATIENCE { self.lost(Cause::Refused, now, random) } else { self.end() }
            }
            // What a slow reader missed is sent after its cursor; the others pass by themselves.
            "stream_overflow" | "internal_error" | "limit_exceeded" | "time_out" | "bad_gateway" | "gateway_timeout" => self.lost(Cause::Refused, now, random),
            _ if status >= 500 || status == 429 => self.lost(Cause::Refused, now, random),
            _ => self.end(),
        }
    }

    /// Whether the connection that ends now did not last.
    fn brief(&self, now: Now) -> bool {
        self.first.is_none_or(|first| passed(first, now) < BRIEF)
    }

    /// How often in a row the server said no, this time included; 0: the connection lasted.
    fn count(&mut self, now: Now) -> u32 {
        self.refusals = if self.brief(now) { self.refusals + 1 } else { 0 };
        self.refusals
    }

    /// A connection that lasted makes up for those before it, however it ends.
    fn forgive(&mut self, now: Now) {
        if !self.brief(now) {
            (self.flaps, self.refusals) = (0, 0);
        }
    }

    fn lost(&mut self, cause: Cause, now: Now, random: f64) {
        self.forgive(now);
        if self.first.is_some() && self.brief(now) {
            self.flaps += 1;
        }
        self.failures += 1;
        let most = if self.proven { self.policy.attempts } else { Some(self.policy.first_attempts) };
        if most.is_some_and(|most| self.failures >= most) {
            return self.end();
        }
        self.stop();
        // The first event forgives the failures; only connections that keep ending at once are not forgiven, or they would be made without a pause.
        let wait = jitter(self.failures.max(self.flaps), self.policy.max_backoff, random);
        self.phase = Phase::Waiting;
        self.due = Some(now.mono + wait);
        self.effects.add(Effect::Wait(wait, cause));
    }

    fn woken(&mut self, now: Now) {
        match self.phase {
            Phase::Waiting if self.due.is_some() => self.go(Cause::Woken, now),
            Phase::Open if !self.held && passed(self.last, now) >= QUIET => self.again(Cause::Woken, now),
            _ => {}
        }
    }

    /// A feed that nobody looks at is not polled. Where a stream waits, or a feed after a failure, there is always a time, and it is kept.
    fn seen(&mut self, seen: bool, now: Now) {
        self.hidden = !seen;
        if self.phase != Phase::Waiting || self.held {
            return;
        }
        if seen && self.due.is_none() {
            self.go(Cause::Woken, now);
        } else if !seen && self.failures == 0 {
            self.due = None;
        }
    }

    fn hold(&mut self, held: bool, now: Now) {
        if self.held == held {
            return;
        }
        self.held = held;
        match (self.phase, self.policy.via) {
            (Phase::Open, _) => self.watch(now),
            (Phase::Connecting, Via::Stream) => self.due = (!held).then(|| now.mono + CONNECT),
            // Polled again at once: whoever held it back has read everything.
            (Phase::Waiting, Via::Feed(_)) if !held && self.due.is_none() && !self.hidden => self.go(Cause::None, now),
            _ => {}
        }
    }

    fn tick(&mut self, now: Now, random: f64) {
        if self.due.is_none_or(|due| now.mono < due) {
            return;
        }
        match self.phase {
            Phase::Waiting => self.go(Cause::None, now),
            Phase::Open if self.stale => self.again(Cause::Renewed, now),
            Phase::Connecting | Phase::Open => self.lost(Cause::Silent, now, random),
            Phase::Idle | Phase::Sourcing | Phase::Over => {}
        }
    }

    fn end(&mut self) {
        self.over();
        self.effects.add(Effect::End);
    }

    /// What was asked for and not done yet is not done any more. `End` is the last effect, so that nobody needs to ask for another.
    fn over(&mut self) {
        self.effects.retain(|effect| matches!(effect, Effect::Abort(_)));
        self.stop();
        self.phase = Phase::Over;
        self.shown = None;
        self.effects.add(Effect::WakeIn(None));
    }

    /// Keeps the one timer where it is needed. One that goes off too soon is cheaper than one that is set with every event.
    fn alarm(&mut self, now: Now) {
        let Some(due) = self.due else { return };
        if self.shown.is_none_or(|shown| due < shown) {
            self.shown = Some(due);
            self.effects.add(Effect::WakeIn(Some(due - now.mono)));
        }
    }
}
