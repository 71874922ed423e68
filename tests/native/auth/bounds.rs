//! The bounds of H1 and H13 over everything that a clock, a lifetime, an age and a latency may be: how many expired tokens are sent, how late, and how often
//! the provider is asked. DESIGN.md's constants; a server that verifies, by a clock of its own.

use std::collections::VecDeque;

use countersign::auth::claims::Claims;
use countersign::auth::entry::{FlightId, KeyId};
use countersign::auth::flights::Answer;
use countersign::auth::identity::{Person, Told};
use countersign::auth::machine::{Acquired, Effect, Manager, Want};
use countersign::auth::policy::Policy;
use countersign::core::lease::Lease;
use countersign::core::payload::Payload;
use countersign::core::text::Mark;
use countersign::core::time::{DurationMs, Mono, Now, UnixMillis};
use proptest::prelude::*;

use crate::world::{START, seconds};

const DAY: i64 = 86_400_000;
const KEY: KeyId = KeyId(0);

/// A token: what its claims say, in milliseconds of the servers' clock.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Token {
    serial: u32,
    iat: i64,
    exp: i64,
}

impl Payload for Token {
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// How the provider behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Provider {
    /// Hands out what it has, and mints when it is forced or has not enough left of it (as the vendors' do); what it has at first is so old.
    Works { age: i64 },
    /// Knows nothing but tokens that have expired.
    Expired,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    /// Server clock less ours.
    skew: i64,
    life: i64,
    latency: i64,
    provider: Provider,
    /// The backend refuses whatever it is sent.
    refuses: bool,
    /// Between two reads.
    pace: i64,
    reads: i64,
}

/// A page that reads, a provider that takes its time, a server that verifies.
struct Page {
    case: Case,
    m: Manager<Token, u32>,
    mono: i64,
    cached: Option<Token>,
    serial: u32,
    /// Answers on their way: when, to which call, what.
    answers: VecDeque<(i64, FlightId, Token)>,
    calls: Vec<(i64, bool)>,
    reader: u32,
    waiting: Vec<(u32, i64)>,
    /// Moments at which the server found an expired token, and by how much.
    refused: Vec<(i64, i64)>,
    settled: u32,
    slowest: i64,
}

impl Page {
    fn new(case: Case) -> Self {
        let mut m = Manager::new(Policy::default());
        m.add_key();
        let mut page = Self {
            case, m, mono: 0, cached: None, serial: 0, answers: VecDeque::new(), calls: Vec::new(), reader: 0, waiting: Vec::new(), refused: Vec::new(), settled: 0, slowest: 0,
        };
        if let Provider::Works { age } = case.provider {
            page.cached = Some(page.mint(age));
        }
        page.m.connect(page.now(), false);
        page.m.hear(page.now(), Told::User(Person { key: Mark::of("alice"), subject: None }));
        page.drain();
        page
    }

    fn now(&self) -> Now {
        Now { wall: UnixMillis(START + self.mono), mono: Mono(self.mono) }
    }

    fn server(&self) -> i64 {
        START + self.mono + self.case.skew
    }

    fn mint(&mut self, age: i64) -> Token {
        self.serial += 1;
        let iat = (self.server() - age).div_euclid(1_000) * 1_000;
        Token { serial: self.serial, iat, exp: iat + self.case.life }
    }

    /// What the provider answers a call with, decided when half of its time has passed: a mint happens somewhere between question and answer.
    fn answer(&mut self, forced: bool) -> Token {
        if self.case.provider == Provider::Expired {
            let life = self.case.life;
            return self.mint(life + 60_000);
        }
        let lead = Policy::default().lead(DurationMs(self.case.life)).0;
        let enough = 2 * lead + self.case.latency;
        match self.cached {
            Some(token) if !forced && token.exp - self.server() > enough.min(self.case.life * 3 / 4) => token,
            _ => {
                let token = self.mint(0);
                self.cached = Some(token);
                token
            }
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.m.next_effect() {
            match effect {
                Effect::Call { flight, force, .. } => {
                    self.calls.push((self.mono, force));
                    let token = self.answer(force);
                    self.answers.push_back((self.mono + self.case.latency, flight, token));
                }
                Effect::Resolve(who, lease) => self.send(who, &lease),
                Effect::Fail(who, _) | Effect::Anonymous(who) => self.over(who),
                _ => {}
            }
        }
    }

    fn over(&mut self, who: u32) {
        let asked = self.waiting.iter().position(|(w, _)| *w == who).map(|at| self.waiting.swap_remove(at).1);
        self.slowest = self.slowest.max(self.mono - asked.expect("whoever is answered waits, once"));
        self.settled += 1;
    }

    /// A request goes out, and the server looks at its token: a refusal is followed as the driver does.
    fn send(&mut self, who: u32, lease: &Lease<Token>) {
        self.over(who);
        let late = self.server() - lease.value.exp;
        if late >= 0 {
            self.refused.push((self.mono, late));
        }
        // A number whose lowest bit is set is a replay: there is no second one.
        if (late >= 0 || self.case.refuses) && who.is_multiple_of(2) {
            self.m.reject(self.now(), lease.id, false);
            self.want(who + 1, Want::Better(lease.id));
        }
    }

    fn want(&mut self, who: u32, want: Want) {
        self.waiting.push((who, self.mono));
        match self.m.acquire(self.now(), who, KEY, want, None) {
            Acquired::Ready(lease) => self.send(who, &lease),
            Acquired::Pending => {}
            Acquired::Anonymous | Acquired::Failed(_) => self.over(who),
        }
        self.drain();
    }

    fn run(mut self) -> Self {
        let mut next_read = 0;
        let end = self.case.pace * self.case.reads;
        while self.mono < end {
            let timer = self.m.deadline(self.now()).map_or(i64::MAX, |at| at.0);
            let answer = self.answers.front().map_or(i64::MAX, |a| a.0);
            self.mono = timer.min(answer).min(next_read).max(self.mono).min(end);
            if self.mono >= answer {
                let (_, flight, token) = self.answers.pop_front().expect("there is one");
                let claims = Claims { expires: Some(UnixMillis(token.exp)), issued: Some(UnixMillis(token.iat)), ..Claims::default() };
                self.m.settled(self.now(), flight, Answer::Token { value: token, claims: Some(claims), expires_at: None }, 0.5);
            } else if self.mono >= next_read {
                next_read += self.case.pace;
                self.reader += 2;
                self.want(self.reader, Want::Any);
            } else {
                self.m.tick(self.now());
            }
            self.drain();
        }
        self
    }

    /// The most calls within any minute; forced ones alone, or all.
    fn busiest(&self, forced: bool) -> usize {
        let at: Vec<_> = self.calls.iter().filter(|(_, f)| *f || !forced).map(|(at, _)| *at).collect();
        (0..at.len()).map(|n| at[n..].iter().take_while(|t| **t - at[n] < 60_000).count()).max().unwrap_or(0)
    }
}

/// Lifetimes evenly by their order of magnitude: 5 s to 30 days.
fn life() -> impl Strategy<Value = i64> {
    (0.0..=1.0_f64).prop_map(|x| (5.0 * (30.0 * 86_400.0 / 5.0_f64).powf(x)) as i64 * 1_000)
}

fn skew() -> impl Strategy<Value = i64> {
    prop_oneof![-DAY..=DAY, -120_000..=120_000_i64, -5_000..=5_000_i64]
}

fn healthy() -> impl Strategy<Value = Case> {
    (skew(), life(), 0.0..1.0_f64, 0.0..1.0_f64, 5..60_i64).prop_map(|(skew, life, age, latency, per_life)| {
        let lead = Policy::default().lead(DurationMs(life)).0;
        let latency = ((life / 4).min(10_000) as f64 * latency) as i64;
        let age = ((life - lead) as f64 * age) as i64;
        Case { skew, life, latency, provider: Provider::Works { age }, refuses: false, pace: life / per_life, reads: per_life * 12 }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(13), ..ProptestConfig::default() })]

    /// H1: whatever the skew, one refusal is enough to learn it.
    #[test]
    fn at_most_one_token_is_refused_for_its_expiry(case in healthy()) {
        let page = Page::new(case).run();
        prop_assert!(page.refused.len() <= 1, "refused {:?}", page.refused);
        // "After it no token is sent more than 1 s past its server expiry": there is no second refusal at all, which is more.
        let lead = Policy::default().lead(DurationMs(case.life)).0;
        // Of the lifetime the latency is over when the token comes, and so much of it is not certain: both as `iat` is rounded to a second and as nobody
        // knows when in its flight a token was minted.
        let certain = case.life - 2 * (1_000 + case.latency);
        // And a clock that is ahead by less than half a life looks like a token that is old: "assume 0 until evidence contradicts it" (H1).
        let ahead = Some(-case.skew).filter(|ahead| (0..=case.life / 2).contains(ahead)).unwrap_or(0);
        let most = 3 + page.mono / (certain - lead - ahead).max(case.life / 4);
        prop_assert!(page.calls.len() as i64 <= most, "{} provider calls, {most} allowed: {:?}", page.calls.len(), page.calls);
    }

    /// H13: a provider that knows only expired tokens is not stormed, and the app still gets answers.
    #[test]
    fn a_provider_of_expired_tokens_is_not_stormed(skew in skew(), life in life(), latency in 0..500_i64, pace in 100..2_000_i64) {
        let case = Case { skew, life, latency, provider: Provider::Expired, refuses: false, pace, reads: seconds(180) / pace };
        let page = Page::new(case).run();
        prop_assert!(page.busiest(true) <= 6, "{} forced calls within a minute", page.busiest(true));
        answered(&page)?;
    }

    /// H13: a backend that refuses everything does not become the provider's problem.
    #[test]
    fn a_backend_that_always_refuses_does_not_storm_the_provider(skew in skew(), life in life(), latency in 0..500_i64, pace in 100..2_000_i64) {
        let case = Case { skew, life, latency: latency.min(life / 5), provider: Provider::Works { age: 0 }, refuses: true, pace, reads: seconds(180) / pace };
        let page = Page::new(case).run();
        prop_assert!(page.busiest(true) <= 6, "{} forced calls within a minute", page.busiest(true));
        answered(&page)?;
    }

    /// H13: tokens that live a second cost what reading them costs, never more often than min(5 s, life / 4).
    #[test]
    fn tokens_that_live_a_second_do_not_make_a_storm(skew in skew(), latency in 0..240_i64, pace in 50..2_000_i64) {
        let case = Case { skew, life: 1_000, latency, provider: Provider::Works { age: 0 }, refuses: false, pace, reads: seconds(180) / pace };
        let page = Page::new(case).run();
        prop_assert!(page.busiest(true) <= 6, "{} forced calls within a minute", page.busiest(true));
        prop_assert!(page.busiest(false) <= 60_000 / 250, "{} calls within a minute", page.busiest(false));
        answered(&page)?;
    }
}

/// Everybody who asked got something, but for those of the last moments; and nobody waited for the time-out.
fn answered(page: &Page) -> Result<(), TestCaseError> {
    prop_assert!(page.slowest < 10_000, "somebody waited {} ms", page.slowest);
    prop_assert!(page.settled > 0);
    for (who, asked) in &page.waiting {
        prop_assert!(page.mono - asked < 10_000, "{who} waits since {asked}");
    }
    Ok(())
}
