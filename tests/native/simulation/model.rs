//! The oracle: what DESIGN.md §4 promises, kept by hand beside the machine. It looks at nothing of the machine's but what that does to the world
//! (the ports), and decides from what the harness itself knows: who was told when, which provider call began when, what a token says.

use std::collections::VecDeque;

use countersign::core::lease::LeaseId;

use super::coverage::{Coverage, Hit};
use super::evidence::Evidence;
use super::step::Somebody;

/// A promise that was broken: by its number in DESIGN.md §4.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    pub invariant: u8,
    pub what: String,
}

impl Violation {
    /// Its words without the numbers: two that are equal but for these are of one kind.
    pub fn kind(&self) -> String {
        let words: Vec<_> = self.what.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        format!("{}: {}", self.invariant, words.join("#"))
    }
}

pub type Check = Result<(), Violation>;

macro_rules! promise {
    ($holds:expr, $invariant:literal, $($words:tt)*) => {
        if !$holds {
            return Err(Violation { invariant: $invariant, what: format!($($words)*) });
        }
    };
}
pub(super) use promise;

/// Both clocks of the page.
#[derive(Clone, Copy, Debug, Default)]
pub struct At {
    pub wall: i64,
    pub mono: i64,
}

/// What is true of a token, whoever holds it.
#[derive(Clone, Copy, Debug)]
pub struct Minted {
    pub who: Somebody,
    /// Claims that can be read.
    pub readable: bool,
    pub iat: i64,
    /// On the servers' clock.
    pub exp: Option<i64>,
}

/// What is known of a token that this session was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Got {
    pub(super) generation: u32,
    /// When a forced call last brought it.
    pub(super) forced: Option<u64>,
    /// Local time at which it ends when no claim says it.
    pub(super) ends: i64,
    pub(super) token: Minted,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) id: u32,
    pub(super) key: u8,
    pub(super) forced: bool,
    pub(super) began: At,
    /// Another one has been started beside it.
    pub(super) stray: bool,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Key {
    pub(super) forced: VecDeque<i64>,
    pub(super) decided: VecDeque<i64>,
    pub(super) read: Option<i64>,
    /// Of the last token; where it is not known which is the last, the longest and the shortest.
    pub(super) life: i64,
    pub(super) short: i64,
    pub(super) fails: u32,
    pub(super) failed: i64,
    /// It is left alone until then.
    pub(super) until: i64,
    /// The same, by an answer that need not have been heard.
    pub(super) rumoured: i64,
    pub(super) brought: Option<i64>,
    /// When the provider was asked for it last.
    pub(super) asked: Option<i64>,
    /// The largest `iat`.
    pub(super) newest: Option<i64>,
    /// Or there may be a larger one, or not.
    pub(super) blurred: bool,
    pub(super) last: Option<u32>,
    /// Whether a later one may have been kept, or not.
    pub(super) perhaps: bool,
    /// The step in which the last one came, and the last one before that step.
    pub(super) turn: u64,
    pub(super) previous: Option<u32>,
    pub(super) nobody: u64,
    /// The user went to another organisation and no token has been asked for since.
    pub(super) moved: bool,
    pub(super) mirror: Option<(u32, i64, i64)>,
}

/// How far a request is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Phase {
    Waiting,
    Wire,
    /// The answer has said something final: it is handed over before the step ends.
    Final,
    /// For a better token, until then.
    Refused(i64),
    /// For time to pass, until then.
    Paused(i64),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) anonymous: bool,
    pub(super) replayable: bool,
    pub(super) phase: Phase,
    pub(super) sends: u8,
    pub(super) token: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Get { forced: bool },
    /// With the lease that it is to follow, if that is of this generation.
    Lease { after: Option<LeaseId> },
    Call(Call),
}

/// Somebody who is owed an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) n: u32,
    pub(super) what: What,
    pub(super) key: Option<u8>,
    pub(super) generation: u32,
    pub(super) seq: u64,
    /// By the monotonic clock; a socket has none.
    pub(super) deadline: Option<i64>,
}

/// What made the machine move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    Tick,
    /// Somebody gave up.
    GaveUp,
    /// Nothing that has to do with the clocks: they are not looked at.
    Silent,
    Other,
}

/// The last thing that the identity source has said for certain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    Never,
    Nobody,
    Person(Somebody),
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub timeout: i64,
    pub forced: usize,
    pub forced_all: usize,
    pub comparable: bool,
    pub stuck: i64,
}

pub struct Model {
    pub(super) limits: Limits,
    pub(super) said: Said,
    pub(super) hold: bool,
    /// Held because the provider went away.
    pub(super) gap: bool,
    /// What tokens have said of their owner, where nobody else says it.
    pub(super) trail: Option<Somebody>,
    /// Whether tokens have said that somebody is there.
    pub(super) spoke: Option<bool>,
    /// Whether that is still so, after an answer that need not have been heard.
    pub(super) doubt: bool,
    pub(super) generation: u32,
    /// Fences that the identity demands and that have not come yet.
    pub(super) due: u32,
    /// Whether one may come, and with which token: an answer of a flight given up on may be adopted or not.
    pub(super) may: Option<Option<u32>>,
    /// Such an answer named somebody, so that it is not known whom the session takes its tokens to be of.
    pub(super) unsure: bool,
    pub(super) connected: bool,
    pub(super) disposed: bool,
    pub(super) visible: bool,
    pub(super) keys: Vec<Key>,
    pub(super) flights: Vec<Flight>,
    pub(super) pending: Vec<Pending>,
    pub(super) got: Vec<Option<Got>>,
    /// What has been learned of the clocks.
    pub(super) evidence: Evidence,
    /// The smallest and the largest skew that a token's end was reckoned by in this step: what is learned while it is carried out may come too late for what was
    /// decided in it.
    pub(super) floor: i64,
    pub(super) ceiling: i64,
    /// It is not known what was learned: until the next wake nothing is said about it.
    pub(super) vague: bool,
    pub(super) looked: Option<At>,
    pub(super) forced: VecDeque<i64>,
    /// Forced calls that the session says it decided on: one that another identity overtook is never made, and may have cost its share all the same.
    pub(super) decided: VecDeque<i64>,
    pub(super) seq: u64,
    /// How many events are being handled, one from inside the other.
    pub depth: u32,
    pub(super) steps: u64,
    pub(super) forgiven: Option<i64>,
    pub(super) cause: Cause,
    /// The key that the provider is being asked for just now.
    pub(super) asking: Vec<u8>,
    pub(super) armed: Option<i64>,
    pub(super) ticked: bool,
    pub(super) seen: Coverage,
}

pub(super) const MINUTE: i64 = 60_000;
/// The machine sets no timer nearer than this.
pub(super) const FLOOR: i64 = 50;

pub(super) fn no_request(n: u32) -> Violation {
    Violation { invariant: 5, what: format!("{n} is no request") }
}

impl Model {
    pub fn new(keys: u8, limits: Limits) -> Self {
        Self {
            limits,
            said: Said::Never,
            hold: false,
            gap: false,
            trail: None,
            spoke: None,
            doubt: false,
            generation: 0,
            due: 0,
            may: None,
            unsure: false,
            connected: false,
            disposed: false,
            visible: true,
            keys: vec![Key::default(); usize::from(keys)],
            flights: Vec::new(),
            pending: Vec::new(),
            got: Vec::new(),
            evidence: Evidence::default(),
            floor: 0,
            ceiling: 0,
            vague: false,
            looked: None,
            forced: VecDeque::new(),
            decided: VecDeque::new(),
            seq: 1,
            depth: 0,
            steps: 1,
            forgiven: None,
            cause: Cause::Other,
            asking: Vec::new(),
            armed: None,
            ticked: false,
            seen: Coverage::default(),
        }
    }

    pub fn hit(&mut self, hit: Hit) {
        self.seen.hit(hit);
    }

    pub fn seen(&self) -> &Coverage {
        &self.seen
    }

    /// An event reaches the session. Invariant 3, "the estimated skew interval": clocks that drifted apart by more than 2 s say that it was a wake or a set clock.
    pub fn look(&mut self, at: At, cause: Cause) {
        self.depth += 1;
        self.cause = cause;
        self.ticked |= cause == Cause::Tick;
        self.seq += 1;
        if matches!(cause, Cause::GaveUp | Cause::Silent) {
            return;
        }
        if self.looked.is_some_and(|then| ((at.wall - then.wall) - (at.mono - then.mono)).abs() > 2_000) {
            self.woken(at);
        }
        self.looked = Some(at);
    }

    /// H3: nothing is known of the clocks any more, and what failed may be tried again; not at every jump, or a clock that is set to and fro would undo the back-off.
    pub fn woken(&mut self, at: At) {
        (self.evidence, self.vague) = <_>::default();
        self.learned();
        if self.forgiven.is_none_or(|then| at.mono - then >= MINUTE) {
            self.forgiven = Some(at.mono);
            // Not what a provider that wants to be left alone for longer than that asked for.
            self.keys.iter_mut().filter(|k| k.until - at.mono <= MINUTE).for_each(|k| k.until = 0);
        }
    }

    /// Invariant 3, "expired for every skew in the interval".
    pub(super) fn expired(&self, token: u32, at: At, low: i64) -> bool {
        let Some(got) = self.got.get(token as usize).copied().flatten() else { return false };
        match got.token.exp {
            Some(exp) if got.token.readable => exp <= at.wall + low,
            _ => got.ends <= at.wall,
        }
    }

    pub(super) fn learned(&mut self) {
        self.floor = self.floor.min(self.evidence.low());
        self.ceiling = self.ceiling.max(self.evidence.low());
    }

    /// Whether tokens may leave at all.
    pub(super) fn open(&self) -> bool {
        self.connected && !self.hold && !self.disposed && self.said != Said::Nobody
    }

    pub(super) fn window(times: &mut VecDeque<i64>, now: i64) -> usize {
        while times.front().is_some_and(|at| now - at >= MINUTE) {
            times.pop_front();
        }
        times.len()
    }

    pub fn decided(&mut self, at: At, key: u8) {
        self.decided.push_back(at.mono);
        self.keys[usize::from(key)].decided.push_back(at.mono);
    }

    pub(super) fn spent(&mut self, key: Option<u8>, at: At) -> bool {
        let Limits { forced, forced_all, .. } = self.limits;
        let over = |times: &mut VecDeque<i64>, limit| Self::window(times, at.mono) >= limit;
        let all = over(&mut self.forced, forced_all) || over(&mut self.decided, forced_all);
        all || key.map(|k| &mut self.keys[usize::from(k)]).is_some_and(|k| over(&mut k.forced, forced) || over(&mut k.decided, forced))
    }
}
