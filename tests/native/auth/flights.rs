//! One flight per key; who joins which; what a refusal costs; and a provider that never settles.

use countersign::auth::flights::Answer;
use countersign::auth::machine::{Notice, Want};
use countersign::auth::policy::Policy;
use countersign::core::error::Why;
use countersign::core::lease::LeaseId;

use crate::world::*;

#[test]
fn ten_thousand_misses_are_one_call_and_keys_do_not_share() {
    let mut w = World::alice();
    let readers: Vec<u32> = (0..10_000).map(|_| w.read()).collect();
    let other = w.want(OTHER, Want::Any);
    assert_eq!(w.calls.len(), 2);
    let token = w.grant(0, 60);
    assert_eq!(w.ended.len(), readers.len());
    assert!(w.ended.iter().all(|(_, o)| matches!(o, Outcome::Token(t, _) if *t == token)));
    assert_eq!(w.outcome(other), None);
}

#[test]
fn a_forced_refresh_never_joins_an_older_unforced_flight() {
    let mut w = World::alice();
    let reader = w.read();
    let forced = w.want(KEY, Want::Forced);
    assert_eq!(w.calls.len(), 1, "chained, not parallel");
    let first = w.grant(0, 60);
    assert_eq!(w.token_of(reader), first);
    assert_eq!(w.outcome(forced), None);
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    let second = w.grant(1, 60);
    assert_eq!(w.token_of(forced), second);
}

#[test]
fn forced_refreshes_share_a_forced_flight_and_readers_join_it() {
    let mut w = World::alice();
    let all: Vec<u32> = (0..5).map(|_| w.want(KEY, Want::Forced)).collect();
    let reader = w.read();
    assert_eq!(w.calls.len(), 1);
    let token = w.grant(0, 60);
    assert!(all.iter().chain([&reader]).all(|who| w.token_of(*who) == token));
}

fn refused(w: &mut World) -> LeaseId {
    let reader = w.read();
    w.grant(0, 60);
    w.lease_of(reader)
}

#[test]
fn twenty_refusals_of_one_lease_are_one_call() {
    let mut w = World::alice();
    let lease = refused(&mut w);
    let mut all = Vec::new();
    for _ in 0..20 {
        w.m.reject(w.time(), lease, false);
        all.push(w.want(KEY, Want::Better(lease)));
    }
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    let reader = w.read();
    assert_eq!(w.outcome(reader), None, "the refused one is not handed out while a better one is on its way");
    let better = w.grant(1, 60);
    assert!(all.iter().chain([&reader]).all(|who| w.token_of(*who) == better));
    assert_eq!(w.notices.iter().filter(|n| **n == Notice::Rejected(KEY)).count(), 1);
}

#[test]
fn a_late_refusal_of_an_old_lease_costs_nothing() {
    let mut w = World::alice();
    let lease = refused(&mut w);
    w.want(KEY, Want::Better(lease));
    let better = w.grant(1, 60);
    w.m.reject(w.time(), lease, false);
    let late = w.want(KEY, Want::Better(lease));
    assert_eq!(w.token_of(late), better);
    assert_eq!(w.calls.len(), 2);
    assert_eq!(w.peek(), Some(better), "the new token is none the worse for it");
}

#[test]
fn the_refused_token_again_is_no_better_one() {
    let mut w = World::alice();
    let reader = w.read();
    let token = w.grant(0, 60);
    let lease = w.lease_of(reader);
    let better = w.want(KEY, Want::Better(lease));
    let forced = w.want(KEY, Want::Forced);
    w.settle(1, answer(&token));
    assert_eq!(w.outcome(better), Some(&Outcome::Failed(Why::SameToken)));
    assert_eq!(w.token_of(forced), token, "who did not refuse it may have it");
}

#[test]
fn a_refusal_is_not_answered_by_an_older_flight_that_brings_the_refused_token_back() {
    let mut w = World::alice();
    let reader = w.read();
    let token = w.grant(0, 60);
    let lease = w.lease_of(reader);
    w.m.visible(w.time(), false);
    w.run(seconds(48));
    w.read();
    let better = w.want(KEY, Want::Better(lease));
    assert_eq!((w.calls.len(), w.calls[1].force), (2, false), "the refresh at the lead is in the air");
    w.settle(1, answer(&token));
    assert_eq!(w.outcome(better), None);
    assert_eq!((w.calls.len(), w.calls[2].force), (3, true));
    let next = w.grant(2, 60);
    assert_eq!(w.token_of(better), next);
}

#[test]
fn forced_calls_are_bounded_per_key_and_in_all() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, now| Some(answer(&jwt(&format!(r#"{{"iat":{},"exp":{},"n":{now}}}"#, now / 1000, now / 1000 + 60))))));
    let mut last = 0;
    for _ in 0..20 {
        last = w.want(KEY, Want::Forced);
        w.run(1_000);
    }
    assert_eq!(w.forced(), 6);
    assert_eq!(w.outcome(last), Some(&Outcome::Failed(Why::Budget)));
    let reader = w.read();
    assert!(matches!(w.outcome(reader), Some(Outcome::Token(..))), "reading goes on");
    w.run(seconds(45));
    let again = w.want(KEY, Want::Forced);
    assert!(matches!(w.outcome(again), Some(Outcome::Token(..))), "a minute later there is a new allowance");

    let mut w = World::with(Policy { forced_per_minute: 100, ..Policy::default() });
    w.tell("alice");
    w.provider = Some(Box::new(|_, now| Some(answer(&jwt(&format!(r#"{{"iat":{},"exp":{}}}"#, now / 1000, now / 1000 + 60))))));
    for n in 0..80 {
        w.want(if n % 2 == 0 { KEY } else { OTHER }, Want::Forced);
    }
    assert_eq!(w.forced(), 30);
}

#[test]
fn an_invalidation_without_allowance_asks_unforced_instead_of_failing() {
    let mut w = World::with(Policy { forced_per_minute: 0, ..Policy::default() });
    w.tell("alice");
    w.m.invalidate(w.time(), None);
    let reader = w.read();
    assert_eq!((w.calls.len(), w.calls[0].force), (1, false));
    let token = w.grant(0, 60);
    assert_eq!(w.token_of(reader), token);
}

#[test]
fn a_provider_that_never_settles_times_out_and_a_late_answer_is_adopted() {
    for (after, in_time) in [(9_900, true), (10_100, false), (45_000, false)] {
        let mut w = World::alice();
        let reader = w.read();
        w.run(after);
        let token = w.grant(0, 60);
        assert_eq!(matches!(w.outcome(reader), Some(Outcome::Token(..))), in_time);
        assert_eq!(w.outcome(reader) == Some(&Outcome::Failed(Why::NoAnswer)), !in_time);
        assert_eq!(w.peek(), Some(token), "adopted");
    }
}

#[test]
fn a_second_flight_beside_a_stuck_one_and_never_a_third_beside_it() {
    let mut w = World::alice();
    w.read();
    w.run(STUCK.0 - 1);
    w.want(KEY, Want::Forced);
    assert_eq!(w.calls.len(), 1);
    w.run(1);
    let second = w.want(KEY, Want::Forced);
    assert_eq!(w.calls.len(), 2);
    for _ in 0..10 {
        w.run(seconds(1));
        w.read();
    }
    assert_eq!((w.calls.len(), w.aborted.len()), (2, 0));
    w.run(STUCK.0 - seconds(10));
    w.read();
    assert_eq!((w.calls.len(), w.aborted.len()), (3, 1), "the oldest goes when a third one starts");
    assert_eq!(w.outcome(second), Some(&Outcome::Failed(Why::NoAnswer)));
    w.grant(0, 60);
    assert_eq!(w.peek(), None, "an aborted flight has no say");
}

#[test]
fn a_late_loser_never_overwrites_a_newer_token() {
    for opaque in [false, true] {
        let mut w = World::alice();
        let old = if opaque { "old-opaque".to_owned() } else { w.mint("alice", 600, 0, 0) };
        w.read();
        w.run(seconds(31));
        w.read();
        let new = if opaque { "new-opaque".to_owned() } else { w.mint("alice", 600, 0, 0) };
        w.settle(1, answer(&new));
        w.settle(0, answer(&old));
        assert_eq!(w.peek(), Some(new), "opaque: {opaque}");
    }
}

/// An unforced flight is stuck; a forced one flies beside it, with these waiting for it; then the stuck one answers.
fn beside(want: Want, late: &str) -> (World, u32) {
    let mut w = World::alice();
    w.m.policy_mut().timeout = ms(60_000);
    w.read();
    w.run(seconds(31));
    let who = w.want(KEY, want);
    assert_eq!(w.calls.len(), 2);
    let token = match late {
        "short" => w.mint("alice", 60, 59_000, 0),
        "another" => w.mint("bob", 60, 0, 0),
        _ => w.mint("alice", 60, 31_000, 0),
    };
    w.settle(0, answer(&token));
    (w, who)
}

#[test]
fn a_late_answer_does_not_speak_for_the_flight_beside_it() {
    for late in ["good", "short", "another"] {
        let (mut w, who) = beside(Want::Forced, late);
        assert_eq!(w.outcome(who), None, "{late}: it asked for a forced one");
        assert_eq!(w.calls.len(), 2, "{late}: and that one is on its way");
        let token = w.grant(1, 60);
        assert_eq!(w.token_of(who), token, "{late}");
    }
    let (w, who) = beside(Want::Any, "good");
    assert!(matches!(w.outcome(who), Some(Outcome::Token(..))), "any will do for a reader");
}

#[test]
fn a_reader_that_left_is_forgotten_and_its_flight_goes_on() {
    let mut w = World::alice();
    let gone = w.read();
    let stays = w.read();
    w.m.cancel(gone);
    let token = w.grant(0, 60);
    assert_eq!(w.outcome(gone), None);
    assert_eq!(w.token_of(stays), token);
}

#[test]
fn an_answer_to_a_question_nobody_asked_is_ignored() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    let kept = w.peek();
    w.settle(0, Answer::Nobody);
    w.grant(0, 60);
    assert_eq!(w.peek(), kept, "a promise that resolves twice");
}

/// A provider that shares its pending answer among unforced calls hands the same silence to the next one: beside a stuck flight only force helps.
#[test]
fn the_flight_beside_a_stuck_one_is_forced() {
    let mut w = World::alice();
    w.read();
    w.run(STUCK.0);
    w.read();
    assert_eq!(w.calls.iter().map(|c| c.force).collect::<Vec<_>>(), [false, true]);
}
