//! Sessions that nobody ever tells who is signed in, or only late, or whose provider goes away.

use countersign::auth::flights::Answer;
use countersign::auth::identity::{Status, Told};
use countersign::auth::machine::{Notice, Want};
use countersign::core::error::Why;

use crate::world::*;

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
