//! Both fences of invariant 1, over every order of a few steps: no token of an earlier generation is handed out, nothing is handed out
//! during a hold or after a sign-out, a token of the wrong user never is, and whoever asked in a generation is not answered in the next.

use std::collections::HashMap;

use countersign::auth::entry::FlightId;
use countersign::auth::flights::Answer;
use countersign::auth::identity::Told;
use countersign::auth::machine::Want;
use countersign::core::lease::LeaseId;

use crate::world::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Read,
    Force,
    Better,
    /// The oldest call that has not settled answers, with a token of the user who was there when it was called.
    Oldest,
    /// The newest one answers, with a token of the user who is there now.
    Newest,
    Fail,
    SignOut,
    Alice,
    Bob,
    Hold,
    Reject,
    /// The provider's user changes and its listener has not said so yet.
    Ahead,
    /// A stuck provider: half a minute passes.
    Wait,
}

const STEPS: [Step; 13] = [
    Step::Read, Step::Force, Step::Better, Step::Oldest, Step::Newest, Step::Fail, Step::SignOut, Step::Alice, Step::Bob, Step::Hold, Step::Reject, Step::Ahead, Step::Wait,
];

#[derive(Default)]
struct Ghost {
    /// The user at the provider; what the session was told last; whether it is held.
    truth: Option<&'static str>,
    told: Option<&'static str>,
    held: bool,
    open: Vec<(usize, Option<&'static str>)>,
    calls: usize,
    /// Token text: generation of the call that brought it, and its user.
    tokens: HashMap<String, (u32, &'static str)>,
    asked: HashMap<u32, u32>,
    checked: usize,
    lease: Option<LeaseId>,
    fences: u32,
}

fn settle(w: &mut World, g: &mut Ghost, newest: bool) {
    let Some((call, then)) = (if newest { g.open.pop() } else { (!g.open.is_empty()).then(|| g.open.remove(0)) }) else { return };
    match if newest { g.truth } else { then } {
        None => w.settle(call, Answer::Nobody),
        Some(user) => {
            let token = w.mint(user, 60, 0, 0);
            g.tokens.insert(token.clone(), (w.calls[call].generation, user));
            w.settle(call, answer(&token));
        }
    }
}

fn apply(w: &mut World, g: &mut Ghost, step: Step) {
    let generation = w.m.generation();
    let want = match step {
        Step::Read => Some(Want::Any),
        Step::Force => Some(Want::Forced),
        Step::Better => g.lease.map(Want::Better),
        _ => None,
    };
    if let Some(want) = want {
        let who = w.want(KEY, want);
        g.asked.insert(who, generation);
    }
    match step {
        Step::Oldest => settle(w, g, false),
        Step::Newest => settle(w, g, true),
        Step::Fail => {
            if let Some((call, _)) = g.open.pop() {
                w.fail(call);
            }
        }
        Step::SignOut => {
            (g.truth, g.told, g.held) = (None, None, false);
            w.hear(Told::SignedOut);
        }
        Step::Alice | Step::Bob => {
            let user = if matches!(step, Step::Alice) { "alice" } else { "bob" };
            (g.truth, g.told, g.held) = (Some(user), Some(user), false);
            w.tell(user);
        }
        Step::Hold => {
            g.held = true;
            w.hear(Told::Unknown);
        }
        Step::Reject => {
            if let Some(lease) = g.lease {
                w.m.reject(w.time(), lease, false);
                w.drain();
            }
        }
        Step::Ahead => g.truth = if g.truth == Some("alice") { Some("bob") } else { Some("alice") },
        Step::Wait => w.run(seconds(31)),
        _ => {}
    }
    while g.calls < w.calls.len() {
        g.open.push((g.calls, g.truth));
        g.calls += 1;
    }
    check(w, g);
}

fn check(w: &World, g: &mut Ghost) {
    let generation = w.m.generation();
    assert_eq!(w.fences.len() as u32, generation, "every generation is announced once");
    for (who, outcome) in &w.ended[g.checked..] {
        if let Outcome::Token(token, lease) = outcome {
            let (of, user) = g.tokens[token];
            assert_eq!(of, generation, "a token obtained in generation {of} in generation {generation}");
            assert_eq!(g.asked[who], generation, "an answer to somebody of another generation");
            assert!(!g.held, "handed out during a hold");
            assert_eq!(Some(user), g.told, "a token of another user");
            g.lease = Some(*lease);
        }
    }
    g.checked = w.ended.len();
    g.fences = generation;
    let kept = [w.peek(), w.mirrors.get(&0).cloned().flatten().map(|m| m.0)];
    for token in kept.into_iter().flatten() {
        assert_eq!((g.tokens[&token], g.held), ((generation, g.told.unwrap()), false), "kept");
    }
    let alive: Vec<FlightId> = w.m.entries().iter().flat_map(|e| [e.flight, e.stray]).flatten().map(|f| f.id).collect();
    assert!(alive.len() <= 2, "at most two flights of a key are alive");
}

fn play(path: &[Step]) {
    let mut w = World::alice();
    let mut g = Ghost { truth: Some("alice"), told: Some("alice"), ..Ghost::default() };
    for step in path {
        apply(&mut w, &mut g, *step);
    }
}

/// Every sequence of so many steps after this beginning. A failure names the sequence.
fn exhaust(beginning: &[Step], depth: u32) {
    let count = STEPS.len();
    for n in 0..count.pow(depth) {
        let mut path = beginning.to_vec();
        let mut rest = n;
        for _ in 0..depth {
            path.push(STEPS[rest % count]);
            rest /= count;
        }
        if std::panic::catch_unwind(|| play(&path)).is_err() {
            panic!("sequence: {path:?}");
        }
    }
}

#[test]
fn every_sequence_of_five_steps() {
    exhaust(&[], 5);
}

#[test]
fn every_sequence_of_four_steps_with_a_call_in_the_air() {
    exhaust(&[Step::Read], 4);
    exhaust(&[Step::Read, Step::Wait, Step::Force], 4);
}

#[test]
fn every_sequence_of_five_steps_with_a_token_at_hand() {
    exhaust(&[Step::Read, Step::Newest], 5);
}

#[test]
fn every_sequence_of_four_steps_after_a_refusal_and_in_a_hold() {
    exhaust(&[Step::Read, Step::Newest, Step::Better], 4);
    exhaust(&[Step::Read, Step::Newest, Step::Hold], 4);
}
