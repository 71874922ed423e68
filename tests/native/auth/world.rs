//! A manager, a clock that only moves when told to, and a record of everything the manager wanted done.

use std::collections::BTreeMap;

use countersign::auth::claims;
use countersign::auth::entry::{FlightId, KeyId, Reason};
use countersign::auth::flights::Answer;
use countersign::auth::identity::{Person, Told};
use countersign::auth::machine::{Acquired, Effect, Manager, Notice, Want};
use countersign::auth::policy::{Policy, TIMER_CAP_HIDDEN};
use countersign::core::error::Why;
use countersign::core::lease::LeaseId;
use countersign::core::text::Mark;
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};

pub use crate::base64::jwt;

/// A whole second, so that the rounding of `iat` never blurs an expectation.
pub const START: i64 = 1_800_000_000_000;

/// The smallest time the machine's timer is set for.
pub const FLOOR: i64 = 50;

/// After this long a flight is given up on.
pub const STUCK: DurationMs = DurationMs(15_000);

/// What became of a waiter.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    Token(String, LeaseId),
    Anonymous,
    Failed(Why),
}

/// One call of the provider.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub flight: FlightId,
    pub key: KeyId,
    pub force: bool,
    pub reason: Reason,
    pub at: i64,
    pub generation: u32,
}

/// What a provider that answers at once would say; `None`: it does not answer.
pub type Provider = Box<dyn FnMut(&Asked, i64) -> Option<Answer<String>>>;

pub struct World {
    pub m: Manager<String, u32>,
    /// The wall clock; the monotonic one goes along, unless somebody jumps.
    pub now: i64,
    jumped: i64,
    pub calls: Vec<Asked>,
    pub ended: Vec<(u32, Outcome)>,
    pub mirrors: BTreeMap<u32, Option<(String, i64, i64)>>,
    pub aborted: Vec<FlightId>,
    pub fences: Vec<u32>,
    pub notices: Vec<Notice>,
    pub provider: Option<Provider>,
    pub ticks: u32,
    waiters: u32,
    minted: u32,
}

pub const KEY: KeyId = KeyId(0);
pub const OTHER: KeyId = KeyId(1);

pub fn person(user: &str) -> Person {
    Person { key: Mark::of(user), subject: Some(Mark::of(user)) }
}

/// The provider's answer for a token, read as `js/answer.rs` reads it.
pub fn answer(token: &str) -> Answer<String> {
    Answer::Token { value: token.to_owned(), claims: claims::read(token), expires_at: None }
}

pub fn seconds(n: i64) -> i64 {
    n * 1000
}

impl World {
    /// Connected to a provider, and nobody has said who is signed in.
    pub fn untold() -> Self {
        Self::with(Policy::default())
    }

    pub fn with(policy: Policy) -> Self {
        let mut world = Self {
            m: Manager::new(policy),
            now: START,
            jumped: 0,
            calls: Vec::new(),
            ended: Vec::new(),
            mirrors: BTreeMap::new(),
            aborted: Vec::new(),
            fences: Vec::new(),
            notices: Vec::new(),
            provider: None,
            ticks: 0,
            waiters: 0,
            minted: 0,
        };
        world.m.add_key();
        world.m.add_key();
        world.m.connect(world.time(), false);
        world.drain();
        world
    }

    /// Alice is signed in.
    pub fn alice() -> Self {
        let mut world = Self::untold();
        world.tell("alice");
        world
    }

    pub fn time(&self) -> Now {
        Now { wall: UnixMillis(self.now), mono: Mono(self.now - self.jumped - START + 5_000) }
    }

    /// The wall clock is set, or the machine sleeps: the monotonic one stands, and no timer goes off.
    pub fn jump(&mut self, span: i64) {
        self.now += span;
        self.jumped += span;
    }

    pub fn hear(&mut self, told: Told) {
        self.m.hear(self.time(), told);
        self.drain();
    }

    pub fn tell(&mut self, user: &str) {
        self.hear(Told::User(person(user)));
    }

    /// A reader asks; its number.
    pub fn want(&mut self, key: KeyId, want: Want) -> u32 {
        self.waiters += 1;
        let who = self.waiters;
        match self.m.acquire(self.time(), who, key, want, None) {
            Acquired::Ready(lease) => self.ended.push((who, Outcome::Token(lease.value, lease.id))),
            Acquired::Anonymous => self.ended.push((who, Outcome::Anonymous)),
            Acquired::Failed(why) => self.ended.push((who, Outcome::Failed(why))),
            Acquired::Pending => {}
        }
        self.drain();
        who
    }

    pub fn read(&mut self) -> u32 {
        self.want(KEY, Want::Any)
    }

    pub fn peek(&self) -> Option<String> {
        self.m.peek(KEY, self.time()).map(|lease| lease.value)
    }

    /// What became of a waiter: at most one thing, ever.
    pub fn outcome(&self, who: u32) -> Option<&Outcome> {
        let mut all = self.ended.iter().filter(|(w, _)| *w == who);
        let first = all.next().map(|(_, outcome)| outcome);
        assert!(all.next().is_none(), "waiter {who} was answered twice");
        first
    }

    pub fn token_of(&self, who: u32) -> &str {
        match self.outcome(who) {
            Some(Outcome::Token(token, _)) => token,
            other => panic!("waiter {who}: {other:?}"),
        }
    }

    pub fn lease_of(&self, who: u32) -> LeaseId {
        match self.outcome(who) {
            Some(Outcome::Token(_, lease)) => *lease,
            other => panic!("waiter {who}: {other:?}"),
        }
    }

    /// A new token as the issuer makes it, `age` milliseconds ago, by a server clock that is `ahead` of ours.
    pub fn mint(&mut self, user: &str, life: i64, age: i64, ahead: i64) -> String {
        self.minted += 1;
        let iat = (self.now + ahead - age).div_euclid(1000);
        jwt(&format!(r#"{{"sub":"{user}","iat":{iat},"exp":{},"jti":"{}"}}"#, iat + life, self.minted))
    }

    /// Answers the nth call of the provider.
    pub fn settle(&mut self, call: usize, answer: Answer<String>) {
        self.m.settled(self.time(), self.calls[call].flight, answer, 0.5);
        self.drain();
    }

    /// Answers the nth call with a new token of alice's that lives so many seconds.
    pub fn grant(&mut self, call: usize, life: i64) -> String {
        let token = self.mint("alice", life, 0, 0);
        self.settle(call, answer(&token));
        token
    }

    pub fn fail(&mut self, call: usize) {
        self.settle(call, Answer::Failed(Why::ProviderThrew));
    }

    pub fn forced(&self) -> usize {
        self.calls.iter().filter(|c| c.force).count()
    }

    /// Carries out what the machine wants done.
    pub fn drain(&mut self) {
        while let Some(effect) = self.m.next_effect() {
            match effect {
                Effect::Call { flight, key, force, reason } => {
                    let asked = Asked { flight, key, force, reason, at: self.now, generation: self.m.generation() };
                    self.calls.push(asked);
                    if let Some(answer) = self.provider.as_mut().and_then(|p| p(&asked, self.now)) {
                        self.m.settled(self.time(), flight, answer, 0.5);
                    }
                }
                Effect::Abort(flight) => self.aborted.push(flight),
                Effect::Resolve(who, lease) => self.ended.push((who, Outcome::Token(lease.value, lease.id))),
                Effect::Anonymous(who) => self.ended.push((who, Outcome::Anonymous)),
                Effect::Fail(who, why) => self.ended.push((who, Outcome::Failed(why))),
                Effect::Mirror(key, hit) => {
                    self.mirrors.insert(key.0, hit.map(|(token, from, until)| (token, from.0, until.0)));
                }
                Effect::Fence(generation) => self.fences.push(generation),
                Effect::Notice(notice) => self.notices.push(notice),
            }
        }
    }

    /// When the timer would go off. Checks the promise about it.
    pub fn deadline(&self) -> Option<i64> {
        let now = self.time();
        let at = self.now + (self.m.deadline(now)? - now.mono).0;
        assert!(at >= self.now + FLOOR, "a timer for the past: {} ms", at - self.now);
        assert!(at <= self.now + TIMER_CAP_HIDDEN.0, "a timer beyond the cap: {} ms", at - self.now);
        Some(at)
    }

    /// Lets so many milliseconds pass, with the timer going off when it was set to.
    pub fn run(&mut self, span: i64) {
        let end = self.now + span;
        while let Some(at) = self.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.ticks += 1;
            self.m.tick(self.time());
            self.drain();
        }
        self.now = end;
    }
}

/// A span, for tables.
pub fn ms(n: i64) -> DurationMs {
    DurationMs(n)
}
