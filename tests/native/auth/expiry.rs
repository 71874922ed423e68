//! Near the end of a token's life, and past it; and tokens whose contents the app says are old.

use countersign::auth::flights::Answer;
use countersign::auth::machine::{Decision, Notice};
use countersign::core::error::Why;

use crate::world::*;

#[test]
fn an_answer_near_its_end_forces_once() {
    let mut w = World::alice();
    let reader = w.read();
    let old = w.mint("alice", 60, 59_000, 0);
    w.settle(0, answer(&old));
    assert_eq!(w.outcome(reader), None);
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    let fresh = w.grant(1, 60);
    assert_eq!(w.token_of(reader), fresh);
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn a_forced_answer_near_its_end_is_used_and_one_past_it_is_not() {
    let mut w = World::alice();
    w.read();
    // A token that was just made: it shows that the servers' clock is not behind ours.
    w.grant(0, 60);
    w.m.visible(w.time(), false);
    w.run(seconds(120));
    let reader = w.read();
    let short = w.mint("alice", 60, 59_000, 0);
    w.settle(1, answer(&short));
    w.settle(2, answer(&short));
    assert_eq!(w.token_of(reader), short, "one second is left, and there is no better one");
    w.run(seconds(1));
    let reader = w.read();
    assert!(w.calls[2].force && w.calls[3].force);
    w.settle(3, answer(&short));
    assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::OnlyExpired)));
}

#[test]
fn expired_means_expired_by_every_clock_that_is_possible() {
    let mut w = World::alice();
    let reader = w.read();
    let old = w.mint("alice", 60, seconds(100), 0);
    w.settle(0, answer(&old));
    w.settle(1, answer(&old));
    assert_eq!(w.token_of(reader), old, "our clock may be a hundred seconds ahead: the backend knows");
}

#[test]
fn only_expired_tokens_bound_the_calls() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.run(seconds(120));
    w.calls.clear();
    let old = w.mint("alice", 3_600, seconds(7_200), 0);
    w.provider = Some(Box::new(move |_, _| Some(answer(&old))));
    for _ in 0..600 {
        let reader = w.read();
        assert!(matches!(w.outcome(reader), Some(Outcome::Failed(Why::OnlyExpired))), "{:?}", w.outcome(reader));
        w.run(100);
    }
    assert!(w.forced() <= 6 && w.calls.len() <= 16, "{} calls, {} forced", w.calls.len(), w.forced());
}

#[test]
fn the_same_token_at_the_lead_is_looked_at_again_below_the_margin() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 60);
    w.run(seconds(48));
    w.settle(1, answer(&token));
    assert!(w.notices.contains(&Notice::Decision(KEY, Decision::Kept(ms(12_000), ms(10_000)))));
    for _ in 0..9 {
        w.run(seconds(1));
        let reader = w.read();
        assert_eq!(w.token_of(reader), token);
    }
    assert_eq!(w.calls.len(), 2, "nothing changes by asking again");
    w.run(seconds(1));
    assert_eq!((w.calls.len(), w.calls[2].force), (3, true), "now only force helps");
}

#[test]
fn a_provider_cache_with_little_left_is_not_asked_in_a_spin() {
    let mut w = World::alice();
    w.read();
    // 8 s left of 60: below the lead, above the margin.
    let token = w.mint("alice", 60, 52_000, 0);
    w.settle(0, answer(&token));
    let before = w.ticks;
    w.run(seconds(4));
    assert!(w.ticks - before <= 2, "{} timer calls in 4 s", w.ticks - before);
    assert_eq!(w.calls.len(), 1, "not within the minimum interval");
    w.run(seconds(2));
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn provider_given_expiry_rules() {
    let mut w = World::alice();
    w.read();
    let at = w.time().wall + ms(20_000);
    w.settle(0, Answer::Token { value: "opaque".into(), claims: None, expires_at: Some(at) });
    w.m.visible(w.time(), false);
    w.run(17_999);
    assert_eq!(w.peek().as_deref(), Some("opaque"));
    w.run(1);
    assert_eq!(w.peek(), None);
}

#[test]
fn invalidate_forces_the_next_read_and_takes_the_mirror_away() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.m.invalidate(w.time(), None);
    w.drain();
    assert_eq!((w.peek(), w.mirrors[&0].clone()), (None, None));
    let reader = w.read();
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    let next = w.grant(1, 60);
    assert_eq!(w.token_of(reader), next);
    w.read();
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn an_answer_from_before_an_invalidation_is_not_served_from_the_mirror() {
    let mut w = World::alice();
    w.read();
    w.m.invalidate(w.time(), Some(KEY));
    w.drain();
    let after = w.read();
    w.grant(0, 60);
    assert_eq!((w.peek(), w.mirrors[&0].clone()), (None, None), "its contents are the old ones");
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    let next = w.grant(1, 60);
    assert_eq!(w.token_of(after), next);
    assert_eq!(w.peek(), Some(next));
}

#[test]
fn an_invalidation_is_not_forgotten_when_the_provider_fails_or_is_already_at_work() {
    let mut w = World::alice();
    w.m.invalidate(w.time(), None);
    w.read();
    w.fail(0);
    w.run(seconds(1));
    w.read();
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true), "the forced call failed: its successor forces");
    w.m.invalidate(w.time(), None);
    let reader = w.read();
    w.grant(1, 60);
    assert_eq!((w.outcome(reader), w.calls.len(), w.calls[2].force), (None, 3, true), "a forced call from before it brings the old contents");
    let token = w.grant(2, 60);
    assert_eq!(w.token_of(reader), token);
}
