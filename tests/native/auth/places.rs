//! Another organisation, another session: told, or noticed from tokens.

use countersign::auth::entry::Reason;
use countersign::auth::flights::Answer;
use countersign::auth::identity::{Person, Told};
use countersign::auth::machine::{Notice, Want};
use countersign::core::error::Why;
use countersign::core::text::Mark;

use crate::world::*;

fn moved(org: &str) -> Told {
    Told::Moved(Person { key: Mark::of(org), subject: Some(Mark::of("alice")) })
}

fn forgets(w: &World) -> usize {
    w.notices.iter().filter(|n| matches!(n, Notice::Forget)).count()
}

#[test]
fn the_first_token_of_each_key_after_a_move_is_forced_and_no_other() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.hear(moved("org_2"));
    for (n, key) in [KEY, OTHER].into_iter().enumerate() {
        w.want(key, Want::Any);
        assert!(w.calls[n + 1].force && w.calls[n + 1].reason == Reason::Identity, "{:?}", w.calls[n + 1]);
        w.grant(n + 1, 60);
    }
    w.run(seconds(50));
    w.read();
    assert_eq!(w.forced(), 2);
}

#[test]
fn after_another_user_nothing_is_forced() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.tell("bob");
    w.read();
    assert_eq!(w.forced(), 0);
}

#[test]
fn a_token_of_the_organisation_that_was_left_is_not_the_answer_when_no_forced_call_is_left() {
    let mut w = World::alice();
    for n in 0..6 {
        w.want(KEY, Want::Forced);
        w.grant(n, 60);
    }
    w.hear(moved("org_2"));
    w.m.invalidate(w.time(), None);
    let reader = w.read();
    assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::Budget)));
    w.run(seconds(60));
    let reader = w.read();
    assert!(w.calls.last().unwrap().force);
    w.grant(6, 60);
    w.token_of(reader);
}

/// An untold session, told about by the claims of two tokens one after the other. Whether the second one was noticed as somebody else's.
fn noticed(first: &str, second: &str) -> bool {
    let mut w = World::untold();
    for (n, payload) in [first, second].into_iter().enumerate() {
        let reader = w.read();
        let iat = w.now / 1000;
        let token = jwt(&format!(r#"{{"iat":{iat},"exp":{},{payload}}}"#, iat + 60));
        w.settle(n, answer(&token));
        assert_eq!(w.token_of(reader), token);
    }
    forgets(&w) > 0
}

#[test]
fn a_change_of_user_session_or_organisation_in_a_token_is_another_identity() {
    for (first, second, another) in [
        (r#""sub":"alice""#, r#""sub":"alice""#, false),
        (r#""sub":"alice""#, r#""sub":"bob""#, true),
        (r#""sub":"alice","sid":"s1""#, r#""sub":"alice","sid":"s2""#, true),
        (r#""sub":"alice","org_id":"o1""#, r#""sub":"alice","org_id":"o2""#, true),
        (r#""sub":"alice","o":{"id":"o1"}"#, r#""sub":"alice","org_id":"o2""#, true),
        (r#""sub":"alice","o":{"id":"o1"}"#, r#""sub":"alice","org_id":"o1""#, false),
        // A template's token names less than the session token: what one of them does not say is no change.
        (r#""sub":"alice","sid":"s1","org_id":"o1""#, r#""sub":"alice""#, false),
        (r#""sub":"alice""#, r#""sub":"alice","sid":"s1","org_id":"o1""#, false),
        (r#""aud":"x""#, r#""sub":"alice""#, false),
    ] {
        assert_eq!(noticed(first, second), another, "{first} then {second}");
    }
}

#[test]
fn what_a_token_adds_is_remembered() {
    let mut w = World::untold();
    for (n, payload) in [r#""sub":"alice""#, r#""sub":"alice","sid":"s1""#, r#""sub":"alice""#, r#""sub":"alice","sid":"s2""#].into_iter().enumerate() {
        w.read();
        let iat = w.now / 1000;
        w.settle(n, answer(&jwt(&format!(r#"{{"iat":{iat},"exp":{},{payload}}}"#, iat + 60))));
        assert_eq!(forgets(&w), usize::from(n == 3), "{n}");
    }
}

#[test]
fn a_noticed_move_forces_the_other_keys() {
    let mut w = World::untold();
    for (n, org) in ["o1", "o2"].into_iter().enumerate() {
        w.read();
        let iat = w.now / 1000;
        w.settle(n, answer(&jwt(&format!(r#"{{"iat":{iat},"exp":{},"sub":"alice","org_id":"{org}"}}"#, iat + 60))));
    }
    w.want(OTHER, Want::Any);
    assert!(w.calls[2].force && w.calls[2].reason == Reason::Identity);
    w.settle(2, Answer::Nobody);
}
