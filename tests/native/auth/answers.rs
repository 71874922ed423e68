//! Every kind of answer a provider may give, and what a failing one costs.

use countersign::auth::entry::Reason;
use countersign::auth::flights::Answer;
use countersign::auth::identity::Status;
use countersign::auth::machine::{Notice, Want};
use countersign::core::error::Why;

use crate::world::*;

#[test]
fn nobody_is_never_kept() {
    let mut w = World::alice();
    for n in 0..2 {
        let reader = w.read();
        w.settle(n, Answer::Nobody);
        assert_eq!(w.outcome(reader), Some(&Outcome::Anonymous));
    }
    let reader = w.read();
    let token = w.grant(2, 60);
    assert_eq!(w.token_of(reader), token);
}

#[test]
fn an_opaque_token_lives_thirty_seconds_and_one_without_exp_sixty() {
    for (token, life) in [("opaque-token".to_owned(), 30), (jwt("{}"), 60), (jwt(r#"{"exp":null}"#), 60), (jwt(r#"{"exp":1e300}"#), 60), (jwt(r#"{"exp":1800000060000}"#), 60)] {
        let mut w = World::alice();
        let reader = w.read();
        w.settle(0, answer(&token));
        assert_eq!(w.token_of(reader), token);
        w.m.visible(w.time(), false);
        w.run(seconds(life) - 2_001);
        assert_eq!(w.peek().as_ref(), Some(&token));
        w.run(1);
        assert_eq!(w.peek(), None, "{token}");
    }
    let mut w = World::alice();
    w.read();
    let text = format!(r#"{{"exp":"{}"}}"#, START / 1000 + 600);
    w.settle(0, answer(&jwt(&text)));
    w.run(seconds(300));
    assert!(w.peek().is_some(), "an exp in a string is an exp");
}

#[test]
fn an_opaque_token_given_again_is_good_again() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, _| Some(answer("opaque"))));
    for _ in 0..600 {
        let reader = w.read();
        assert_eq!(w.token_of(reader), "opaque");
        w.run(seconds(1));
    }
    assert_eq!(w.forced(), 0);
    assert!(w.calls.len() <= 27, "{} calls in 600 s", w.calls.len());
}

#[test]
fn a_still_valid_token_outlives_a_failing_provider_for_its_whole_life() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 60);
    w.provider = Some(Box::new(|_, _| Some(Answer::Failed(Why::ProviderThrew))));
    for second in 1..60 {
        w.run(seconds(1));
        let reader = w.read();
        assert_eq!(w.outcome(reader), Some(&Outcome::Token(token.clone(), w.m.entries()[0].held.as_ref().unwrap().lease)), "second {second}");
    }
    assert!(w.notices.contains(&Notice::RefreshFailed(KEY, Why::ProviderThrew)));
    assert_eq!(w.m.status(), Status::Degraded);
    w.run(seconds(1));
    let reader = w.read();
    assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::ProviderThrew)), "and not a moment longer");
}

#[test]
fn who_waits_for_a_refresh_that_fails_is_given_the_token_at_hand() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 60);
    w.m.visible(w.time(), false);
    w.run(58_500);
    let reader = w.read();
    assert_eq!(w.outcome(reader), None, "less than the margin is left: a newer one would be better");
    w.fail(1);
    assert_eq!(w.token_of(reader), token, "there is none, and this one has not expired");
}

#[test]
fn failures_follow_the_back_off_and_success_ends_it() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, _| Some(Answer::Failed(Why::ProviderThrew))));
    for _ in 0..1_200 {
        let reader = w.read();
        assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::ProviderThrew)), "everybody gets the same error");
        w.run(100);
    }
    let times: Vec<i64> = w.calls.iter().map(|c| c.at - START).collect();
    // 0.5 s doubled, up to a minute; readers come every 100 ms.
    assert_eq!(times, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 63_500]);
    w.provider = None;
    w.run(seconds(60));
    w.read();
    let n = w.calls.len();
    w.grant(n - 1, 60);
    assert_eq!(w.m.entries()[0].backoff.failures(), 0);
    assert_eq!(w.m.status(), Status::SignedIn);
}

#[test]
fn a_forced_call_breaks_the_cool_down_once() {
    let mut w = World::alice();
    w.read();
    w.fail(0);
    let forced = w.want(KEY, Want::Forced);
    assert_eq!(w.calls.len(), 2);
    w.fail(1);
    assert_eq!(w.outcome(forced), Some(&Outcome::Failed(Why::ProviderThrew)));
    let again = w.want(KEY, Want::Forced);
    assert_eq!(w.outcome(again), Some(&Outcome::Failed(Why::ProviderThrew)));
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn another_identity_ends_the_cool_down() {
    let mut w = World::alice();
    w.read();
    w.fail(0);
    w.tell("bob");
    w.read();
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn a_provider_that_asks_for_what_it_is_asked_for_is_told_so() {
    let mut w = World::alice();
    w.m.asking(Some(KEY));
    let inner = w.read();
    let other = w.want(OTHER, Want::Any);
    w.m.asking(None);
    assert_eq!(w.outcome(inner), Some(&Outcome::Failed(Why::Reentrant)));
    assert_eq!(w.outcome(other), None, "another key is no loop");
}

#[test]
fn the_reason_says_why_the_provider_is_asked() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.run(seconds(48));
    w.grant(1, 60);
    let forced = w.want(KEY, Want::Forced);
    w.grant(2, 60);
    let lease = w.lease_of(forced);
    w.want(KEY, Want::Better(lease));
    let reasons: Vec<Reason> = w.calls.iter().map(|c| c.reason).collect();
    assert_eq!(reasons, [Reason::First, Reason::Expiring, Reason::Forced, Reason::Rejected]);
}

#[test]
fn the_end_tells_everybody_and_stays_the_end() {
    let mut w = World::untold();
    let reader = w.read();
    w.grant(0, 60);
    let waits = w.read();
    let socket = w.want(OTHER, Want::Next(None, None));
    w.m.dispose();
    w.drain();
    assert!(matches!(w.outcome(reader), Some(Outcome::Token(..))));
    assert_eq!(w.outcome(waits), Some(&Outcome::Failed(Why::Disposed)));
    assert_eq!(w.outcome(socket), Some(&Outcome::Failed(Why::Disposed)));
    assert_eq!((w.fences.len(), w.aborted.len()), (1, 2));
    w.m.dispose();
    w.tell("bob");
    w.grant(1, 60);
    let late = w.read();
    assert_eq!(w.outcome(late), Some(&Outcome::Failed(Why::Disposed)));
    assert_eq!((w.peek(), w.m.deadline(w.time())), (None, None), "no timer outlives it");
    w.run(seconds(120));
    assert_eq!((w.calls.len(), w.fences.len()), (3, 1));
}

#[test]
fn a_session_that_has_ended_is_not_asked_at_every_read() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, _| Some(Answer::SignedOut)));
    for _ in 0..600 {
        let reader = w.read();
        assert_eq!(w.outcome(reader), Some(&Outcome::Anonymous));
        w.run(100);
    }
    assert!(w.calls.len() <= 16, "{} calls in a minute", w.calls.len());
    w.tell("bob");
    let before = w.calls.len();
    w.read();
    assert_eq!(w.calls.len(), before + 1, "another user is another session");
}
