//! Random worlds: every call ends exactly once, is sent twice at most, and only with a token of its own generation.

use std::collections::{BTreeMap, HashMap};

use countersign::auth::entry::FlightId;
use countersign::auth::flights::Answer;
use countersign::auth::identity::Told;
use countersign::backends;
use countersign::core::error::Why;
use countersign::driver::call::Plan;
use countersign::driver::session::Event;
use proptest::prelude::*;

use crate::script::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Call { anonymous: bool, replayable: bool, hasura: bool },
    Answer(usize, u8),
    Respond(usize, u16),
    Body(usize, usize),
    Tell(u8),
    Abort(usize),
    Pass(i64),
    Invalidate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<(bool, bool, bool)>().prop_map(|(anonymous, replayable, hasura)| Step::Call { anonymous, replayable, hasura }),
        4 => (0..3_usize, 0..5_u8).prop_map(|(n, kind)| Step::Answer(n, kind)),
        4 => (0..4_usize, prop_oneof![Just(200_u16), Just(401)]).prop_map(|(n, status)| Step::Respond(n, status)),
        2 => (0..4_usize, 0..BODIES.len()).prop_map(|(n, body)| Step::Body(n, body)),
        1 => (0..4_u8).prop_map(Step::Tell),
        1 => (0..4_usize).prop_map(Step::Abort),
        2 => prop_oneof![0..2_000_i64, 0..70_000_i64].prop_map(Step::Pass),
        1 => Just(Step::Invalidate),
    ]
}

const BODIES: [&str; 4] = [
    r#"{"data":{}}"#,
    r#"{"errors":[{"message":"Could not verify JWT: JWTExpired","extensions":{"code":"invalid-jwt"}}]}"#,
    r#"{"errors":[{"message":"Could not verify JWT: JWTIssuedAtFuture","extensions":{"code":"invalid-jwt"}}]}"#,
    r#"{"errors":[{"message"#,
];

#[derive(Default)]
struct Ghost {
    calls: u32,
    called_in: BTreeMap<u32, u32>,
    sends: BTreeMap<u32, u32>,
    ended: BTreeMap<u32, u32>,
    aborted: Vec<u32>,
    wire: Vec<u32>,
    reading: Vec<u32>,
    open: Vec<(u32, u32)>,
    tokens: HashMap<String, u32>,
}

fn observe(rig: &Rig, g: &mut Ghost) {
    let generation = rig.driver.look(|m, _| m.generation());
    for act in rig.news() {
        match act {
            Act::Ask { flight, .. } => g.open.push((flight, generation)),
            Act::Send(id, token) => {
                assert!(!g.ended.contains_key(&id) && !g.aborted.contains(&id), "sent after its end");
                *g.sends.entry(id).or_default() += 1;
                assert!(g.sends[&id] <= 2, "sent three times");
                assert_eq!(g.called_in[&id], generation, "sent in another generation");
                if let Some(token) = token {
                    assert_eq!(g.tokens[&token], generation, "with a token of another generation");
                }
                g.wire.push(id);
            }
            Act::Deliver(id) => {
                assert_eq!(g.called_in[&id], generation, "delivered to another generation");
                *g.ended.entry(id).or_default() += 1;
            }
            Act::Fail(id, _) => *g.ended.entry(id).or_default() += 1,
            Act::Read(id) => g.reading.push(id),
            _ => {}
        }
    }
    assert!(g.ended.values().all(|n| *n == 1), "ended twice");
}

fn apply(rig: &Rig, g: &mut Ghost, step: Step) {
    let pick = |list: &mut Vec<u32>, n: usize| (!list.is_empty()).then(|| list.remove(n % list.len()));
    match step {
        Step::Call { anonymous, replayable, hasura } => {
            g.calls += 1;
            g.called_in.insert(g.calls, rig.driver.look(|m, _| m.generation()));
            rig.call(g.calls, Plan { anonymous, replayable, ..to(backends::named(if hasura { "hasura" } else { "" })) });
        }
        Step::Answer(n, kind) if !g.open.is_empty() => {
            let (flight, generation) = g.open.remove(n % g.open.len());
            match kind {
                0 => drop(rig.driver.handle(Event::Answered(FlightId(flight), Answer::Nobody))),
                1 => drop(rig.driver.handle(Event::Answered(FlightId(flight), Answer::Failed(Why::ProviderThrew)))),
                _ => {
                    let token = format!("token-{flight}");
                    g.tokens.insert(token.clone(), generation);
                    rig.answer(flight, &token);
                }
            }
        }
        Step::Respond(n, status) => {
            if let Some(id) = pick(&mut g.wire, n) {
                rig.head(id, status);
            }
        }
        Step::Body(n, body) => {
            if let Some(id) = pick(&mut g.reading, n) {
                rig.body(id, &BODIES[body][..6], false);
                rig.body(id, BODIES[body], true);
            }
        }
        Step::Tell(0) => drop(rig.driver.handle(Event::Told(Told::Unknown))),
        Step::Tell(1) => drop(rig.driver.handle(Event::Told(Told::SignedOut))),
        Step::Tell(n) => drop(rig.driver.handle(user(["alice", "bob"][n as usize - 2]))),
        Step::Abort(n) => {
            let id = g.calls.saturating_sub(n as u32);
            if rig.gone(id) {
                g.aborted.push(id);
            }
        }
        Step::Pass(span) => rig.run(span),
        Step::Invalidate => drop(rig.driver.handle(Event::Invalidated(None))),
        Step::Answer(..) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(11), ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_exactly_once_on_its_own_side_of_every_fence(steps in prop::collection::vec(step(), 1..60)) {
        let rig = Rig::new();
        let mut g = Ghost::default();
        for step in steps {
            apply(&rig, &mut g, step);
            observe(&rig, &mut g);
        }
        rig.driver.handle(Event::Disposed);
        // Disposal is the last fence: what is left fails, and nothing is delivered.
        for act in rig.news() {
            match act {
                Act::Fail(id, _) => *g.ended.entry(id).or_default() += 1,
                Act::Deliver(_) | Act::Send(..) => panic!("{act:?} after the end"),
                _ => {}
            }
        }
        for id in 1..=g.calls {
            let ends = g.ended.get(&id).copied().unwrap_or(0) + u32::from(g.aborted.contains(&id));
            prop_assert_eq!(ends, 1, "call {}", id);
        }
    }
}
