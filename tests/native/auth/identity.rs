//! Who is signed in: adoption, holds and generations.

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
fn while_the_source_is_asked_anew_nothing_is_handed_out_and_nobody_is_told() {
    let mut w = World::alice();
    let reader = w.read();
    let token = w.grant(0, 60);
    assert_eq!(w.token_of(reader), token);
    let told = w.notices.len();
    w.m.check(w.time(), true);
    let (waits, late) = (w.read(), w.want(OTHER, Want::Any));
    assert_eq!((w.outcome(waits), w.calls.len()), (None, 1));
    w.m.check(w.time(), false);
    w.drain();
    assert_eq!(w.token_of(waits), token);
    assert_eq!(w.outcome(late), None);
    assert_eq!(w.calls.len(), 2);
    assert!(!w.notices[told..].iter().any(|n| matches!(n, Notice::Identity(_) | Notice::Status(_))));
    w.m.check(w.time(), true);
    let reader = w.read();
    w.run(seconds(10));
    assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::NoIdentity)));
}
