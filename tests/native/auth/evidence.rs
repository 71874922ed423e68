//! What tokens and servers show of the clocks, and what one that lies does not do.

use countersign::auth::claims;
use countersign::auth::machine::Want;
use countersign::core::time::UnixMillis;

use crate::world::*;

#[test]
fn a_token_from_the_future_is_followed_by_one_that_shows_how_far_and_no_second_one() {
    let mut w = World::alice();
    // Half a minute old when it comes, by a clock that is a minute ahead of ours: it shows half of the truth.
    let old = w.mint("alice", 300, 30_000, 60_000);
    let reader = w.read();
    w.settle(0, answer(&old));
    assert_eq!(w.token_of(reader), old, "who waits is not kept waiting for it");
    assert_eq!(w.forced(), 1);
    assert_eq!(w.m.skew().bounds(), (Some(30_000), None));
    let new = w.mint("alice", 300, 0, 60_000);
    w.settle(1, answer(&new));
    assert_eq!(w.m.skew().bounds(), (Some(60_000), Some(61_000)));
    w.want(OTHER, Want::Any);
    let another = w.mint("alice", 300, 0, 60_000);
    w.settle(2, answer(&another));
    assert_eq!(w.forced(), 1, "it is known now");
}

#[test]
fn a_provider_that_does_not_force_is_not_asked_for_calibration_again() {
    let mut w = World::alice();
    w.read();
    let old = w.mint("alice", 300, 30_000, 60_000);
    w.settle(0, answer(&old));
    w.settle(1, answer(&old));
    w.want(OTHER, Want::Any);
    w.settle(2, answer(&old));
    assert_eq!(w.forced(), 1, "once per identity");
    w.tell("bob");
    w.read();
    let old = w.mint("bob", 300, 30_000, 60_000);
    w.settle(3, answer(&old));
    assert_eq!(w.forced(), 2);
    w.settle(4, answer(&old));
    w.jump(seconds(10));
    w.want(OTHER, Want::Any);
    let old = w.mint("bob", 300, 30_000, 60_000);
    w.settle(5, answer(&old));
    assert_eq!(w.forced(), 3, "and wake");
}

#[test]
fn a_forced_call_that_brings_the_same_token_shows_that_no_other_would_show_more() {
    let mut w = World::alice();
    // Each is near its end when it comes: old, or our clock is ahead.
    w.read();
    let token = w.mint("alice", 60, 52_000, 0);
    w.settle(0, answer(&token));
    w.want(KEY, Want::Forced);
    w.settle(1, answer(&token));
    w.want(OTHER, Want::Any);
    let other = w.mint("alice", 60, 52_000, 0);
    w.settle(2, answer(&other));
    w.run(seconds(5));
    assert_eq!((w.calls.len(), w.forced()), (4, 1), "renewed ahead of need, and not by force");
}

#[test]
fn one_token_from_years_to_come_does_not_make_the_others_look_expired() {
    let mut w = World::alice();
    let ten_years = seconds(10 * 365 * 86_400);
    w.read();
    let absurd = w.mint("alice", 60, 0, ten_years);
    w.settle(0, answer(&absurd));
    // The calibration that follows brings an honest one.
    let honest = w.mint("alice", 60, 0, 0);
    w.settle(1, answer(&honest));
    assert_eq!(w.peek().as_deref(), Some(honest.as_str()));
    assert_eq!(w.m.skew().estimate(), ms(0));
    let reader = w.want(OTHER, Want::Any);
    w.grant(2, 60);
    w.token_of(reader);
    assert_eq!(w.calls.len(), 3);
}

#[test]
fn issued_after_its_own_expiry_shows_nothing() {
    let mut w = World::alice();
    w.read();
    let now = w.now / 1000;
    w.settle(0, answer(&jwt(&format!(r#"{{"sub":"alice","iat":{},"exp":{}}}"#, now + 500_000, now + 60))));
    assert_eq!(w.m.skew().bounds(), (None, None));
    assert_eq!(w.calls.len(), 1);
}

#[test]
fn a_server_that_took_the_token_shows_its_clock_and_a_stub_does_not() {
    let mut w = World::alice();
    w.read();
    let token = w.mint("alice", 60, 40_000, 20_000);
    w.settle(0, answer(&token));
    let (now, asked) = (w.time(), UnixMillis(w.now - 100));
    let shown = |w: &mut World, server: i64| {
        w.m.shown(now, KEY, UnixMillis(server), asked);
        w.drain();
        w.m.skew().bounds()
    };
    let before = w.m.skew().bounds();
    for stub in [1, 0, -5, now.wall.0 + seconds(86_400), now.wall.0 - seconds(86_400)] {
        assert_eq!(shown(&mut w, stub), before, "{stub}");
    }
    let server = w.now + 20_000;
    assert_eq!(shown(&mut w, server), (Some(19_000), Some(21_100)), "a second of slack, and the time that the answer took");
    let claims = claims::read(&token).unwrap();
    let until = w.mirrors[&0].as_ref().unwrap().2;
    assert!(until <= claims.expires.unwrap().0 - 19_000, "the synchronous hit ends by the clock that was shown");
}

#[test]
fn a_clock_set_during_a_call_does_not_narrow_what_is_possible() {
    for jump in [seconds(3_600), seconds(-3_600)] {
        let mut w = World::alice();
        w.want(KEY, Want::Forced);
        w.run(seconds(2));
        // Minted by a true clock before our clock is set.
        let token = w.mint("alice", 7_200, 0, 0);
        w.run(seconds(1));
        w.jump(jump);
        w.settle(0, answer(&token));
        let (low, high) = w.m.skew().bounds();
        assert!(low.unwrap() <= -jump && -jump <= high.unwrap(), "{jump}: the truth {} is not in {low:?}, {high:?}", -jump);
    }
}

#[test]
fn a_refusal_that_an_unforced_call_answers_is_followed_by_one_that_shows_the_skew() {
    let mut w = World::alice();
    // Our clock is behind by 3 s, and the first token 3 s old: nothing shows it but the refusal.
    let mint = |w: &mut World, age: i64| w.mint("alice", 60, age, 3_000);
    let reader = w.read();
    let token = mint(&mut w, 3_000);
    w.settle(0, answer(&token));
    let lease = w.lease_of(reader);
    w.m.visible(w.time(), false);
    w.run(seconds(57));
    w.read();
    assert!(!w.calls[1].force, "the refresh at the lead is in the air");
    let better = w.want(KEY, Want::Better(lease));
    let token = mint(&mut w, 3_000);
    w.settle(1, answer(&token));
    assert_eq!(w.token_of(better), token);
    assert!(w.calls[2].force);
    let token = mint(&mut w, 0);
    w.settle(2, answer(&token));
    assert_eq!(w.m.skew().bounds(), (Some(3_000), Some(4_000)));
    // Known now: no second one.
    let reader = w.read();
    let lease = w.lease_of(reader);
    w.run(seconds(50));
    w.read();
    w.want(KEY, Want::Better(lease));
    let token = mint(&mut w, 0);
    w.settle(3, answer(&token));
    assert_eq!(w.forced(), 1);
}

#[test]
fn an_issuer_that_writes_no_time_into_iat_shows_no_skew() {
    let mut w = World::alice();
    for n in 0..3 {
        w.want(KEY, Want::Forced);
        let exp = w.now / 1000 + 60 + n;
        w.settle(n as usize, answer(&jwt(&format!(r#"{{"sub":"alice","iat":0,"exp":{exp}}}"#))));
        assert_eq!(w.m.skew().estimate(), ms(0));
    }
    w.run(seconds(70));
    assert_eq!(w.peek(), None);
}
