//! Who is signed in: adoption, holds, generations, and sessions that nobody ever tells.

use countersign::auth::flights::Answer;
use countersign::auth::identity::{Person, Status, Told};
use countersign::auth::machine::{Notice, Want};
use countersign::core::error::Why;
use countersign::core::text::Mark;

use crate::world::*;

fn watched() -> World {
    let mut w = World::untold();
    w.m.connect(w.time(), true);
    w.drain();
    w
}

#[test]
fn the_first_identity_is_generation_zero_and_what_waits_goes_on() {
    let mut w = watched();
    let early = w.read();
    assert_eq!((w.outcome(early), w.calls.len()), (None, 0), "held until it is known who is there");
    w.tell("alice");
    let token = w.grant(0, 60);
    assert_eq!(w.token_of(early), token);
    assert_eq!((w.m.generation(), w.fences.len()), (0, 0));
    assert!(!w.notices.contains(&Notice::Forget));
}

#[test]
fn the_first_identity_may_be_nobody() {
    let mut w = watched();
    let early = w.read();
    w.hear(Told::SignedOut);
    assert_eq!(w.outcome(early), Some(&Outcome::Anonymous));
    let late = w.read();
    assert_eq!((w.outcome(late), w.calls.len()), (Some(&Outcome::Anonymous), 0));
    assert_eq!((w.m.generation(), w.m.status()), (0, Status::Anonymous));
    w.tell("alice");
    assert_eq!((w.m.generation(), w.notices.contains(&Notice::Forget)), (1, false), "signing in is a new generation, but nobody known left");
}

#[test]
fn every_change_is_a_generation_and_equal_reports_are_not() {
    let mut w = World::alice();
    w.tell("alice");
    assert_eq!(w.m.generation(), 0);
    w.tell("bob");
    assert_eq!((w.m.generation(), w.fences.clone()), (1, vec![1]));
    w.hear(Told::SignedOut);
    w.hear(Told::SignedOut);
    assert_eq!(w.m.generation(), 2);
    w.tell("bob");
    assert_eq!(w.m.generation(), 3);
    w.hear(Told::User(Person { key: Mark::of("bob in another organisation"), subject: Some(Mark::of("bob")) }));
    assert_eq!(w.m.generation(), 4);
    assert_eq!(w.notices.iter().filter(|n| **n == Notice::Forget).count(), 3, "alice, bob, and bob elsewhere");
}

#[test]
fn a_new_generation_stands_before_anything_else_is_told() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    let waits = w.want(OTHER, Want::Any);
    let at = w.notices.len();
    w.tell("bob");
    assert_eq!(w.outcome(waits), Some(&Outcome::Failed(Why::IdentityChanged)));
    assert_eq!((w.peek(), w.mirrors[&0].clone()), (None, None));
    assert_eq!(w.aborted, [w.calls[1].flight]);
    assert_eq!(w.notices[at], Notice::Forget);
    w.grant(1, 60);
    let reader = w.want(OTHER, Want::Any);
    assert_eq!((w.outcome(reader), w.calls.len()), (None, 3), "alice's late answer is nobody's");
}

#[test]
fn a_hold_holds_and_is_over_when_the_same_person_is_back() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 60);
    w.hear(Told::Unknown);
    assert_eq!((w.peek(), w.mirrors[&0].clone(), w.m.status()), (None, None, Status::Unknown));
    let waits = w.read();
    assert_eq!(w.outcome(waits), None);
    w.tell("alice");
    assert_eq!(w.token_of(waits), token);
    assert_eq!((w.m.generation(), w.calls.len()), (0, 1));
    assert!(w.mirrors[&0].is_some());
}

#[test]
fn a_hold_lasts_as_long_as_a_caller_waits() {
    let mut w = World::alice();
    w.hear(Told::Unknown);
    let waits = w.read();
    w.run(9_900);
    assert_eq!(w.outcome(waits), None);
    w.run(100);
    assert_eq!(w.outcome(waits), Some(&Outcome::Failed(Why::NoIdentity)));
}

#[test]
fn nothing_gets_out_during_a_hold_even_from_a_flight_that_began_before() {
    for end in ["alice", "bob", ""] {
        let mut w = World::alice();
        let reader = w.read();
        w.hear(Told::Unknown);
        let token = w.grant(0, 60);
        assert_eq!(w.outcome(reader), None, "the source does not know who is there");
        match end {
            "" => w.hear(Told::SignedOut),
            user => w.tell(user),
        }
        if end == "alice" {
            assert_eq!(w.token_of(reader), token);
            assert_eq!(w.calls.len(), 1);
        } else {
            assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::IdentityChanged)));
        }
    }
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.run(seconds(48));
    let waits = w.want(OTHER, Want::Any);
    w.hear(Told::Unknown);
    let held = w.read();
    w.fail(1);
    assert_eq!((w.outcome(waits), w.outcome(held)), (None, None), "a failure lets no old token out either");
}

#[test]
fn a_token_of_another_user_is_refused_even_during_a_hold() {
    let mut w = World::alice();
    let reader = w.read();
    let token = w.mint("bob", 60, 0, 0);
    w.settle(0, answer(&token));
    assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::AnotherUser)));
    assert_eq!(w.peek(), None);

    let mut w = World::alice();
    let reader = w.read();
    w.hear(Told::Unknown);
    w.settle(0, answer(&token));
    w.tell("alice");
    assert!(!matches!(w.outcome(reader), Some(Outcome::Token(..))), "{:?}", w.outcome(reader));
    assert_eq!(w.peek(), None);
}

#[test]
fn where_subjects_are_not_comparable_they_are_not_compared() {
    let mut w = World::untold();
    w.hear(Told::User(Person { key: Mark::of("internal id"), subject: None }));
    let reader = w.read();
    let token = w.grant(0, 60);
    assert_eq!(w.token_of(reader), token);
}

#[test]
fn an_untold_session_asks_for_every_read_unforced() {
    let mut w = World::untold();
    assert_eq!(w.m.status(), Status::Unknown);
    let token = w.mint("alice", 60, 0, 0);
    for n in 0..5 {
        let reader = w.read();
        w.settle(n, answer(&token));
        assert_eq!(w.token_of(reader), token);
        assert_eq!(w.peek(), None);
    }
    assert_eq!((w.calls.len(), w.forced(), w.m.status()), (5, 0, Status::SignedIn));
    w.run(seconds(29));
    assert!(!w.notices.contains(&Notice::Untold));
    w.run(seconds(120));
    assert_eq!(w.notices.iter().filter(|n| **n == Notice::Untold).count(), 1, "said once");
}

#[test]
fn an_untold_session_notices_another_user() {
    let mut w = World::untold();
    w.read();
    w.grant(0, 60);
    let refused = w.ended[0].clone();
    let Outcome::Token(_, lease) = refused.1 else { panic!() };
    let reader = w.read();
    let replay = w.want(KEY, Want::Better(lease));
    let socket = w.want(KEY, Want::Next(Some(lease), None));
    let other = w.want(OTHER, Want::Any);
    let bobs = w.mint("bob", 60, 0, 0);
    w.settle(1, answer(&bobs));
    assert_eq!((w.m.generation(), w.fences.clone()), (1, vec![1]));
    assert_eq!(w.token_of(reader), bobs, "it asked for whoever is signed in");
    assert_eq!(w.outcome(replay), Some(&Outcome::Failed(Why::IdentityChanged)), "it was sent as alice");
    assert_eq!(w.outcome(socket), Some(&Outcome::Failed(Why::IdentityChanged)), "so was this");
    assert_eq!((w.calls.len(), w.calls[3].key), (4, OTHER), "whoever waits for another key is asked for again");
    let again = w.mint("bob", 60, 0, 0);
    w.settle(3, answer(&again));
    assert_eq!(w.token_of(other), again);
    assert!(w.notices.contains(&Notice::Forget));
}

#[test]
fn an_untold_session_notices_that_the_user_left() {
    for token in [jwt(r#"{"sub":"alice"}"#), "opaque".to_owned()] {
        let mut w = World::untold();
        w.read();
        w.settle(0, answer(&token));
        let reader = w.read();
        w.settle(1, Answer::Nobody);
        assert_eq!(w.outcome(reader), Some(&Outcome::Anonymous), "nobody, and not an error about it");
        assert_eq!((w.m.generation(), w.m.status()), (1, Status::Anonymous), "{token}");
        let reader = w.read();
        w.settle(2, Answer::Nobody);
        assert_eq!((w.outcome(reader), w.m.generation()), (Some(&Outcome::Anonymous), 1));
    }
}

#[test]
fn told_late_the_same_user_goes_on_and_another_does_not() {
    for (user, generation) in [("alice", 0), ("bob", 1)] {
        let mut w = World::untold();
        w.read();
        let token = w.grant(0, 60);
        w.tell(user);
        assert_eq!(w.m.generation(), generation);
        assert_eq!(w.peek(), (user == "alice").then_some(token));
    }
    let mut w = World::untold();
    w.read();
    w.settle(0, answer("opaque"));
    w.tell("bob");
    assert_eq!(w.peek(), None, "nobody knows whose it is");
}

#[test]
fn told_late_that_nobody_is_there_is_a_fence_whatever_the_token_was() {
    for token in [jwt(r#"{"sub":"alice"}"#), "opaque".to_owned()] {
        let mut w = World::untold();
        w.read();
        w.settle(0, answer(&token));
        w.hear(Told::SignedOut);
        assert_eq!(w.m.generation(), 1, "{token}");
    }
}

#[test]
fn without_a_provider_calls_wait_and_the_next_one_serves_them() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.m.disconnect();
    w.drain();
    assert_eq!((w.peek(), w.mirrors[&0].clone()), (None, None), "the next provider may speak for somebody else");
    let waits = w.read();
    w.m.connect(w.time(), true);
    w.drain();
    w.tell("alice");
    assert_eq!(w.m.generation(), 0);
    let token = w.grant(1, 60);
    assert_eq!(w.token_of(waits), token);
    w.m.disconnect();
    let waits = w.read();
    w.run(seconds(10));
    assert_eq!(w.outcome(waits), Some(&Outcome::Failed(Why::NoProvider)));
    w.m.connect(w.time(), false);
    w.drain();
    assert_eq!(w.m.generation(), 1, "it will not say who it speaks for");
}
