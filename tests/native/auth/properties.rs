//! Random sequences of everything that can happen, over told and untold sessions and two keys.

use std::collections::{BTreeMap, HashMap};

use countersign::auth::entry::KeyId;
use countersign::auth::flights::Answer;
use countersign::auth::identity::Told;
use countersign::auth::machine::Want;
use countersign::core::error::Why;
use countersign::core::lease::LeaseId;
use proptest::prelude::*;

use crate::world::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u32, u8, i64),
    Settle(usize, u8, u8),
    Tell(u8),
    Reject(u32),
    Invalidate(u8),
    Cancel(u32),
    Visible(bool),
    Provider(u8),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2_u32, 0..5_u8, prop_oneof![Just(-1_i64), 0..90_000_i64]).prop_map(|(k, w, l)| Step::Ask(k, w, l)),
        6 => (0..4_usize, 0..10_u8, 0..3_u8).prop_map(|(n, a, u)| Step::Settle(n, a, u)),
        1 => (0..4_u8).prop_map(Step::Tell),
        1 => (0..6_u32).prop_map(Step::Reject),
        1 => (0..3_u8).prop_map(Step::Invalidate),
        1 => (0..20_u32).prop_map(Step::Cancel),
        1 => any::<bool>().prop_map(Step::Visible),
        1 => (0..4_u8).prop_map(Step::Provider),
        4 => prop_oneof![0..1_000_i64, 0..15_000_i64, 0..120_000_i64].prop_map(Step::Pass),
    ]
}

const USERS: [&str; 3] = ["alice", "bob", "alice"];

#[derive(Default)]
struct Ghost {
    open: Vec<usize>,
    calls: usize,
    obtained: HashMap<String, u32>,
    sockets: Vec<u32>,
    asked: u32,
    cancelled: Vec<u32>,
    checked: usize,
}

fn apply(w: &mut World, g: &mut Ghost, step: Step) {
    match step {
        Step::Ask(key, want, lead) => {
            let lease = w.m.entries()[key as usize].held.as_ref().map(|h| h.lease);
            let want = match want {
                0 | 1 => Want::Any,
                2 => Want::Forced,
                3 => Want::Better(lease.unwrap_or(LeaseId(0))),
                _ => Want::Next(lease.filter(|_| lead % 2 == 0), (lead >= 0).then_some(ms(lead))),
            };
            g.asked = w.want(KeyId(key), want);
            if matches!(want, Want::Next(..)) {
                g.sockets.push(g.asked);
            }
        }
        Step::Settle(n, kind, user) if !g.open.is_empty() => {
            let call = g.open.remove(n % g.open.len());
            let user = USERS[user as usize];
            let token = match kind {
                0 => return w.settle(call, Answer::Nobody),
                1 => return w.fail(call),
                2 => w.m.entries().iter().find_map(|e| e.held.as_ref().map(|h| h.value.clone())).unwrap_or_else(|| "x".into()),
                3 => format!("opaque-{call}"),
                4 => w.mint(user, 60, 59_000, 0),
                5 => w.mint(user, 60, 3_600_000, 0),
                6 => w.mint(user, 5, 0, 30_000),
                _ => w.mint(user, 60, 0, 0),
            };
            // A repeated token belongs to the generation in which it was brought last; what an aborted flight brings is not looked at.
            if w.m.flight_key(w.calls[call].flight).is_some() {
                g.obtained.insert(token.clone(), w.calls[call].generation);
            }
            w.settle(call, answer(&token));
        }
        Step::Tell(0) => w.hear(Told::Unknown),
        Step::Tell(1) => w.hear(Told::SignedOut),
        Step::Tell(n) => w.tell(USERS[n as usize - 2]),
        Step::Reject(lease) => w.m.reject(w.time(), LeaseId(lease), lease % 2 == 0),
        Step::Invalidate(n) => w.m.invalidate(w.time(), (n < 2).then_some(KeyId(u32::from(n)))),
        Step::Cancel(back) => {
            let who = g.asked.saturating_sub(back);
            w.m.cancel(who);
            g.cancelled.push(who);
        }
        Step::Visible(yes) => w.m.visible(w.time(), yes),
        Step::Provider(0) => w.m.disconnect(),
        Step::Provider(n) => w.m.connect(w.time(), n == 1),
        Step::Pass(span) => w.run(span),
        Step::Settle(..) => {}
    }
}

fn check(w: &mut World, g: &mut Ghost, told: bool) {
    w.drain();
    g.open.extend(g.calls..w.calls.len());
    g.calls = w.calls.len();
    w.deadline();
    for (_, outcome) in &w.ended[g.checked..] {
        if let Outcome::Token(token, _) = outcome {
            // A session that nobody tells learns of a new generation from the token itself, which was asked for just before it began.
            let of = g.obtained[token] + u32::from(!told);
            assert!(of >= w.m.generation(), "a token of generation {of} in generation {}", w.m.generation());
        }
    }
    g.checked = w.ended.len();
    if w.m.entries().iter().any(|e| e.flight.is_none() && e.stray.is_some_and(|s| w.time().mono < s.stuck_at(w.m.policy()))) {
        panic!("a young flight was given up on");
    }
}

/// At most so many forced calls in any minute.
fn bounded(w: &World) {
    let forced: Vec<_> = w.calls.iter().filter(|c| c.force).collect();
    for first in &forced {
        let minute: Vec<_> = forced.iter().filter(|c| c.at >= first.at && c.at - first.at < 60_000).collect();
        assert!(minute.len() <= 30);
        let mut keys = BTreeMap::new();
        minute.iter().for_each(|c| *keys.entry(c.key).or_insert(0) += 1);
        assert!(keys.values().all(|n| *n <= 6), "{keys:?} forced calls in a minute");
    }
}

fn play(told: bool, steps: &[Step]) {
    let mut w = if told { World::alice() } else { World::untold() };
    let mut g = Ghost::default();
    for step in steps {
        // One kind of session must not turn into the other.
        if !told && matches!(step, Step::Tell(_) | Step::Provider(1)) || told && matches!(step, Step::Provider(2..)) {
            continue;
        }
        apply(&mut w, &mut g, *step);
        check(&mut w, &mut g, told);
    }
    bounded(&w);
    // Nobody answers any more: everybody who is not a socket is told so within the timeout.
    w.run(seconds(10) + FLOOR);
    for who in 1..=g.asked {
        let ended = w.outcome(who).is_some();
        assert!(ended || g.sockets.contains(&who) || g.cancelled.contains(&who), "waiter {who} waits for ever");
    }
    w.m.dispose();
    w.drain();
    for who in &g.sockets {
        assert!(w.outcome(*who).is_some() || g.cancelled.contains(who));
    }
    assert!(w.ended.iter().all(|(who, _)| w.ended.iter().filter(|(other, _)| other == who).count() == 1), "answered twice");
    assert_eq!(w.m.deadline(w.time()), None);
    let late = w.want(KEY, Want::Any);
    assert_eq!(w.outcome(late), Some(&Outcome::Failed(Why::Disposed)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn a_told_session_keeps_its_promises(steps in prop::collection::vec(step(), 1..60)) {
        play(true, &steps);
    }

    #[test]
    fn an_untold_session_keeps_its_promises(steps in prop::collection::vec(step(), 1..60)) {
        play(false, &steps);
    }
}
