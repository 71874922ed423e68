//! Defects that the simulation found, each as the shortest script that shows it.

use countersign::auth::flights::Answer;
use countersign::auth::identity::Told;
use countersign::auth::machine::Want;
use countersign::core::error::Why;

use crate::world::*;

#[test]
fn a_calibration_does_not_start_beside_the_flight_that_a_waiter_was_given() {
    let mut w = World::alice();
    w.read();
    w.want(KEY, Want::Forced);
    let future = w.mint("alice", 300, 0, 60_000);
    w.settle(0, answer(&future));
    assert_eq!(w.calls.len(), 2, "one flight per key");
}

#[test]
fn nobody_is_asked_for_a_token_of_nobody() {
    let mut w = World::untold();
    w.read();
    w.hear(Told::SignedOut);
    let future = w.mint("alice", 300, 0, 60_000);
    w.settle(0, answer(&future));
    assert_eq!(w.calls.len(), 1);
    assert_eq!(w.aborted.len(), 1, "the flight has nobody to come for");
}

#[test]
fn a_token_that_was_invalidated_and_refused_is_known_when_it_comes_again() {
    let mut w = World::alice();
    let reader = w.read();
    let token = w.grant(0, 60);
    let lease = w.lease_of(reader);
    w.m.invalidate(w.time(), None);
    assert_eq!(w.peek(), None);
    let better = w.want(KEY, Want::Better(lease));
    w.settle(1, answer(&token));
    assert_eq!(w.outcome(better), Some(&Outcome::Failed(Why::SameToken)));
}

#[test]
fn a_socket_is_not_lent_the_token_that_it_has_under_another_name() {
    let mut w = World::alice();
    let socket = w.want(KEY, Want::Next(None, None));
    let token = w.grant(0, 60);
    let lease = w.lease_of(socket);
    let next = w.want(KEY, Want::Next(Some(lease), None));
    w.m.invalidate(w.time(), None);
    w.drain();
    w.settle(1, answer(&token));
    assert_eq!(w.outcome(next), None);
}

#[test]
fn a_forced_call_is_never_answered_by_an_unforced_one() {
    let mut w = World::alice();
    for n in 0..6 {
        w.want(KEY, Want::Forced);
        w.grant(n, 60);
    }
    w.m.invalidate(w.time(), None);
    let forced = w.want(KEY, Want::Forced);
    assert_eq!(w.outcome(forced), Some(&Outcome::Failed(Why::Budget)));
    let reader = w.read();
    assert_eq!(w.calls.len(), 7, "whoever did not force gets what can be had");
    assert!(!w.calls[6].force);
    w.grant(6, 60);
    w.token_of(reader);
}

#[test]
fn what_a_token_says_of_its_expiry_counts_more_than_what_is_said_beside_it() {
    for beside in [1_800_003_600, START + seconds(86_400)] {
        let mut w = World::alice();
        let reader = w.read();
        let token = w.mint("alice", 60, 0, 0);
        let Answer::Token { value, claims, .. } = answer(&token) else { unreachable!() };
        w.settle(0, Answer::Token { value, claims, expires_at: Some(countersign::core::time::UnixMillis(beside)) });
        assert_eq!(w.token_of(reader), token);
        w.run(seconds(58));
        assert_eq!(w.peek(), None, "{beside}");
    }
}

#[test]
fn a_first_lease_does_not_wait_for_a_clock_that_was_set_back() {
    let mut w = World::alice();
    w.want(KEY, Want::Next(None, None));
    w.settle(0, answer(&jwt(r#"{"sub":"alice"}"#)));
    w.jump(seconds(-25 * 3_600));
    let another = w.want(KEY, Want::Next(None, None));
    w.run(FLOOR);
    assert_eq!(w.calls.len(), 2);
    let token = w.grant(1, 60);
    assert_eq!(w.token_of(another), token);
}

#[test]
fn who_forced_is_not_answered_by_the_unforced_call_that_overtook() {
    let mut w = World::alice();
    for n in 0..5 {
        w.want(KEY, Want::Forced);
        w.grant(n, 60);
    }
    let forced = w.m.acquire(w.time(), 99, KEY, Want::Forced, Some(ms(40_000)));
    assert!(matches!(forced, countersign::auth::machine::Acquired::Pending));
    w.drain();
    w.run(STUCK.0);
    w.m.invalidate(w.time(), None);
    w.read();
    assert_eq!(w.outcome(99), None, "it goes on waiting");
    let last = w.calls.len() - 1;
    assert!(!w.calls[last].force, "six in this minute are used up");
    w.grant(last, 60);
    assert!(!matches!(w.outcome(99), Some(Outcome::Token(..))), "{:?}", w.outcome(99));
}

#[test]
fn a_clock_set_back_a_little_does_not_make_a_good_token_bad() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 60);
    w.jump(-168);
    let reader = w.read();
    w.fail(1);
    assert_eq!(w.token_of(reader), token);
}

#[test]
fn a_token_that_has_not_expired_is_not_said_to_have() {
    let mut w = World::alice();
    w.read();
    let short = w.mint("alice", 60, 59_000, 0);
    w.settle(0, answer(&short));
    w.settle(1, answer(&short));
    for call in [2, 3] {
        w.m.invalidate(w.time(), None);
        let reader = w.read();
        if call < 3 {
            w.settle(call, answer(&short));
        } else {
            assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::Budget)), "it has a second left");
        }
    }
}

#[test]
fn a_wake_that_the_page_tells_of_is_not_seen_a_second_time() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.jump(seconds(3_600));
    w.m.woke(w.time());
    w.m.tick(w.time());
    w.drain();
    assert_eq!(w.notices.iter().filter(|n| matches!(n, countersign::auth::machine::Notice::Wake)).count(), 1);
}

#[test]
fn a_socket_whose_turn_never_comes_has_it_when_the_others_are_given_up_on() {
    let mut w = World::alice();
    let third = w.m.add_key();
    let socket = w.want(third, Want::Next(None, None));
    w.grant(0, 60);
    let lease = w.lease_of(socket);
    let next = w.want(third, Want::Next(Some(lease), None));
    w.m.visible(w.time(), false);
    w.run(seconds(45));
    w.read();
    w.want(OTHER, Want::Any);
    assert_eq!(w.calls.len(), 3, "two that will hang");
    w.run(seconds(16));
    assert_eq!(w.calls.len(), 4);
    let token = w.grant(3, 60);
    assert_eq!(w.token_of(next), token);
}

#[test]
fn what_one_token_shows_of_the_clocks_ends_the_synchronous_hit_of_another() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 600);
    w.want(OTHER, Want::Forced);
    let ahead = w.mint("alice", 600, 0, 500_000);
    w.settle(1, answer(&ahead));
    let until = w.mirrors[&0].as_ref().unwrap().2;
    assert!(until <= w.now + seconds(100), "it has 100 s by the servers' clock: {} ms", until - w.now);
}

#[test]
fn a_token_near_its_end_that_came_in_a_hold_is_asked_for_again_when_it_is_known_who_is_there() {
    let mut w = World::untold();
    let reader = w.read();
    w.hear(Told::Unknown);
    let old = w.mint("alice", 60, 68_000, 0);
    w.settle(0, answer(&old));
    w.tell("alice");
    assert_eq!(w.outcome(reader), None);
    let token = w.grant(1, 60);
    assert_eq!(w.token_of(reader), token);
}

#[test]
fn a_refused_token_is_not_handed_out_while_the_next_one_is_on_its_way() {
    let mut w = World::alice();
    let reader = w.read();
    w.grant(0, 60);
    let lease = w.lease_of(reader);
    w.m.visible(w.time(), false);
    w.run(seconds(50));
    w.read();
    assert!(!w.calls[1].force, "the refresh at the lead is in the air");
    w.m.reject(w.time(), lease, false);
    let reader = w.read();
    assert_eq!(w.outcome(reader), None);
    let token = w.grant(1, 60);
    assert_eq!(w.token_of(reader), token);
}

#[test]
fn a_provider_that_answers_null_is_not_asked_again_and_again_by_a_timer() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 600);
    w.provider = Some(Box::new(|_, _| Some(Answer::Nobody)));
    w.run(seconds(530));
    w.read();
    w.run(seconds(70));
    assert!(w.calls.len() <= 16, "{} calls from the lead to the end", w.calls.len());
}

#[test]
fn a_first_lease_is_given_when_another_key_shows_that_the_token_at_hand_is_good_after_all() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 600);
    w.want(OTHER, Want::Forced);
    let ahead = w.mint("alice", 6_000, 0, 590_000);
    w.settle(1, answer(&ahead));
    w.run(seconds(10));
    let socket = w.want(KEY, Want::Next(None, None));
    let flight = w.calls.len() - 1;
    w.fail(flight);
    assert_eq!(w.outcome(socket), None, "by that skew it has expired");
    w.want(OTHER, Want::Forced);
    // Newer than the one before by its own word, and minted by a clock that agrees with ours: the one before was wrong.
    let now = w.now / 1000;
    let other = w.calls.len() - 1;
    w.settle(other, answer(&jwt(&format!(r#"{{"sub":"alice","iat":{now},"exp":{}}}"#, now + 300))));
    w.run(seconds(2));
    assert_eq!(w.token_of(socket), token);
}
