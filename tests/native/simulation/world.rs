//! What all tabs share: the clocks, the issuer and its provider, and what has been found out.

use std::cell::{Cell, RefCell};

use countersign::auth::claims::Claims;
use countersign::auth::flights::{Answer, FOREVER};
use countersign::core::error::Why;
use countersign::core::time::{DurationMs, UnixMillis};

use super::coverage::Hit;
use super::events::Brought;
use super::model::{At, Minted, Violation};
use super::random::mix;
use super::step::{Config, Kind, PEOPLE, Somebody};
use super::tab::{Tab, Token};

/// A whole second, so that the rounding of `iat` never blurs an expectation.
const START: i64 = 1_800_000_000_000;

pub struct World {
    pub config: Config,
    /// Physical time.
    real: Cell<i64>,
    /// What a sleep has taken off the monotonic clock.
    slept: Cell<i64>,
    /// What somebody has set the wall clock by.
    set: Cell<i64>,
    /// Who the provider speaks for.
    pub person: Cell<Somebody>,
    pub tokens: RefCell<Vec<Minted>>,
    draws: Cell<u64>,
    broken: RefCell<Option<Violation>>,
    log: Option<RefCell<Vec<String>>>,
}

impl World {
    pub fn new(config: Config, log: bool) -> Self {
        Self {
            config,
            real: Cell::new(0),
            slept: Cell::new(0),
            set: Cell::new(0),
            person: Cell::new(PEOPLE[0]),
            tokens: RefCell::default(),
            draws: Cell::new(0),
            broken: RefCell::new(None),
            log: log.then(RefCell::default),
        }
    }

    pub fn at(&self) -> At {
        At { wall: START + self.real.get() + self.set.get(), mono: 1_000 + self.real.get() - self.slept.get() }
    }

    /// The servers' clock.
    pub fn server(&self) -> i64 {
        START + self.real.get() + self.config.skew
    }

    pub fn pass(&self, ms: i64) {
        self.real.set(self.real.get() + ms);
    }

    pub fn sleep(&self, ms: i64) {
        self.pass(ms);
        self.slept.set(self.slept.get() + ms);
    }

    pub fn jump(&self, ms: i64) {
        self.set.set(self.set.get() + ms);
    }

    /// In `[0, 1)`, of the run's seed.
    pub fn chance(&self) -> f64 {
        self.draws.set(self.draws.get() + 1);
        (mix(self.config.seed ^ self.draws.get()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The first broken promise counts: what follows may follow from it.
    pub fn broken(&self, violation: Violation) {
        self.say(0, || format!("✘ invariant {}: {}", violation.invariant, violation.what));
        self.broken.borrow_mut().get_or_insert(violation);
    }

    pub fn verdict(&self) -> Option<Violation> {
        self.broken.borrow().clone()
    }

    pub fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    pub fn say(&self, tab: u8, words: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            let at = self.at();
            let tab = if self.config.tabs > 1 { format!(" tab {tab}") } else { String::new() };
            log.borrow_mut().push(format!("{:>10.3} s, wall {:+.3}{tab}  {}", at.mono as f64 / 1e3 - 1.0, (at.wall - START - at.mono + 1_000) as f64 / 1e3, words()));
        }
    }

    pub fn lines(&self) -> Vec<String> {
        self.log.as_ref().map(|log| log.borrow().clone()).unwrap_or_default()
    }

    fn mint(&self, who: Somebody, readable: bool, life: Option<i64>, age: i64) -> u32 {
        let iat = (self.server() - age).div_euclid(1_000) * 1_000;
        let mut tokens = self.tokens.borrow_mut();
        tokens.push(Minted { who, readable, iat, exp: life.map(|life| iat + life) });
        tokens.len() as u32 - 1
    }

    /// What the provider says, and how the model takes it.
    pub fn answer(&self, tab: &Tab, key: u8, forced: bool, kind: Kind) -> (Brought, Answer<Token>) {
        let last = tab.last_token.borrow()[usize::from(key)];
        let life = self.config.lives[usize::from(key) % 2] * 1_000;
        let person = self.person.get();
        let other = PEOPLE[(PEOPLE.iter().position(|p| *p == person).unwrap_or(0) + 2) % PEOPLE.len()];
        let (hit, token, ends) = match kind {
            Kind::Null => {
                tab.model.borrow_mut().hit(Hit::Null);
                return (Brought::Nobody, Answer::Nobody);
            }
            Kind::Fails => {
                tab.model.borrow_mut().hit(Hit::Fails);
                return (Brought::Failed, Answer::Failed(Why::ProviderThrew));
            }
            Kind::Busy(seconds) => {
                tab.model.borrow_mut().hit(Hit::Busy);
                let alone = if seconds == 0 { FOREVER } else { DurationMs::seconds(i64::from(seconds)) };
                return (Brought::Busy(if seconds == 0 { i64::MAX } else { alone.0 }), Answer::Busy(Why::ProviderThrew, alone));
            }
            Kind::Same if last.is_some() => (if forced { Hit::Same } else { Hit::Cached }, last.unwrap_or(0), None),
            Kind::Cached if last.is_some() && !forced => (Hit::Cached, last.unwrap_or(0), None),
            Kind::Expired => (Hit::Expired, self.mint(person, true, Some(life), life + 60_000), None),
            Kind::Aged(left) => (Hit::Cached, self.mint(person, true, Some(life), life * i64::from(1_000 - left) / 1_000), None),
            Kind::Opaque => (Hit::Opaque, self.mint(person, false, Some(life), 0), None),
            Kind::NoExp => (Hit::NoExp, self.mint(person, true, None, 0), None),
            Kind::Another => (Hit::Another, self.mint(other, true, Some(life), 0), None),
            Kind::Beside => (Hit::Beside, self.mint(person, false, Some(life), 0), Some(self.at().wall + life)),
            // Seconds instead of milliseconds, or a year too late.
            Kind::Lie(late) => (Hit::Lie, self.mint(person, true, Some(life), 0), Some(if late { self.at().wall + 31_536_000_000 } else { self.at().wall / 1_000 })),
            Kind::Fresh | Kind::Same | Kind::Cached => (Hit::Fresh, self.mint(person, true, Some(life), 0), None),
        };
        tab.last_token.borrow_mut()[usize::from(key)] = Some(token);
        tab.model.borrow_mut().hit(hit);
        let minted = self.tokens.borrow()[token as usize];
        let claims = minted.readable.then(|| Claims {
            expires: minted.exp.map(UnixMillis),
            issued: Some(UnixMillis(minted.iat)),
            subject: Some(minted.who.subject()),
            org: Some(minted.who.place()),
            ..Claims::default()
        });
        (Brought::Token(token, minted, ends), Answer::Token { value: Token(token), claims, expires_at: ends.map(UnixMillis) })
    }
}
