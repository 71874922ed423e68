//! Tokens for consumers with a clock of their own: sockets and streams.

use countersign::auth::flights::Answer;
use countersign::auth::machine::Want;
use countersign::core::error::Why;
use countersign::core::lease::LeaseId;

use crate::world::*;

fn next(w: &mut World, after: Option<LeaseId>, lead: Option<i64>) -> u32 {
    w.want(KEY, Want::Next(after, lead.map(ms)))
}

fn first(w: &mut World) -> LeaseId {
    let socket = next(w, None, None);
    w.grant(w.calls.len() - 1, 60);
    w.lease_of(socket)
}

#[test]
fn the_next_lease_comes_at_the_lead_of_the_consumer() {
    // lead asked for, second at which the provider is asked
    for (lead, at) in [(None, 48), (Some(5_000), 55), (Some(20_000), 40), (Some(0), 58), (Some(3_600_000), 30)] {
        let mut w = World::alice();
        w.m.visible(w.time(), false);
        let held = first(&mut w);
        let socket = next(&mut w, Some(held), lead);
        w.run(seconds(at));
        assert_eq!((w.calls.len(), w.calls[1].at, w.calls[1].force), (2, START + seconds(at), false), "{lead:?}");
        assert_eq!(w.outcome(socket), None);
        w.grant(1, 60);
        assert!(w.lease_of(socket) > held);
    }
}

#[test]
fn a_socket_waits_for_ever_and_renews_for_ever() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, now| Some(answer(&jwt(&format!(r#"{{"sub":"alice","iat":{},"exp":{}}}"#, now / 1000, now / 1000 + 60))))));
    let mut held = None;
    for _ in 0..100 {
        let socket = next(&mut w, held, None);
        while w.outcome(socket).is_none() {
            w.run(seconds(1));
        }
        held = Some(w.lease_of(socket));
    }
    assert_eq!((w.calls.len(), w.forced()), (100, 0), "one call per lease");
}

#[test]
fn a_provider_that_keeps_its_token_is_not_asked_in_a_storm() {
    for lead in [None, Some(2_000), Some(25_000)] {
        let mut w = World::alice();
        let token = w.mint("alice", 60, 0, 0);
        let kept = token.clone();
        w.provider = Some(Box::new(move |_, _| Some(answer(&kept))));
        let socket = next(&mut w, None, lead);
        let held = w.lease_of(socket);
        next(&mut w, Some(held), lead);
        w.run(57_000);
        assert!(w.calls.len() <= 4, "{lead:?}: {} calls", w.calls.len());
        assert!(w.ticks <= 20, "{lead:?}: {} timer calls", w.ticks);
    }
}

#[test]
fn refused_while_waiting_a_better_one_is_asked_for_at_once() {
    let mut w = World::alice();
    let held = first(&mut w);
    let socket = next(&mut w, Some(held), None);
    w.m.reject(w.time(), held, false);
    w.m.reject(w.time(), held, false);
    w.drain();
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    w.grant(1, 60);
    assert!(w.lease_of(socket) > held);
}

#[test]
fn refused_before_the_next_is_asked_for_comes_to_the_same() {
    let mut w = World::alice();
    let held = first(&mut w);
    w.m.reject(w.time(), held, false);
    w.drain();
    let socket = next(&mut w, Some(held), None);
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    w.grant(1, 60);
    assert!(w.lease_of(socket) > held);
}

#[test]
fn a_new_socket_is_not_given_a_refused_token() {
    let mut w = World::alice();
    let held = first(&mut w);
    w.m.reject(w.time(), held, false);
    let socket = next(&mut w, None, None);
    assert_eq!(w.outcome(socket), None);
    w.grant(1, 60);
    assert!(w.lease_of(socket) > held);
}

#[test]
fn the_refused_token_again_leaves_the_socket_waiting_quietly() {
    let mut w = World::alice();
    let socket = next(&mut w, None, None);
    let token = w.grant(0, 60);
    let held = w.lease_of(socket);
    w.provider = Some(Box::new(move |_, _| Some(answer(&token))));
    w.m.reject(w.time(), held, false);
    let waits = next(&mut w, Some(held), None);
    w.run(seconds(40));
    assert_eq!(w.outcome(waits), None);
    assert!(w.calls.len() <= 3, "{} calls", w.calls.len());
}

#[test]
fn an_invalidation_moves_sockets_now_and_by_force() {
    let mut w = World::alice();
    let held = first(&mut w);
    let socket = next(&mut w, Some(held), None);
    w.m.invalidate(w.time(), Some(KEY));
    w.drain();
    assert_eq!((w.calls.len(), w.calls[1].force), (2, true));
    w.grant(1, 60);
    assert!(w.lease_of(socket) > held);
}

#[test]
fn a_failing_provider_leaves_sockets_waiting() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, _| Some(Answer::Failed(Why::ProviderThrew))));
    let socket = next(&mut w, None, None);
    let other = w.want(OTHER, Want::Any);
    assert_eq!(w.outcome(other), Some(&Outcome::Failed(Why::ProviderThrew)));
    for _ in 0..300 {
        // Somebody else's timer must not end the wait early.
        w.m.tick(w.time());
        w.drain();
        w.run(100);
    }
    assert_eq!(w.outcome(socket), None);
    assert!(w.calls.len() <= 8, "{} calls in 30 s", w.calls.len());
    w.provider = None;
    w.run(seconds(60));
    let last = w.calls.len() - 1;
    w.grant(last, 60);
    assert!(matches!(w.outcome(socket), Some(Outcome::Token(..))));
}

#[test]
fn a_budget_that_is_spent_delays_a_socket_without_spinning() {
    let mut w = World::alice();
    w.m.policy_mut().forced_per_minute = 0;
    let held = first(&mut w);
    w.m.reject(w.time(), held, false);
    let socket = next(&mut w, Some(held), None);
    w.run(seconds(20));
    assert_eq!(w.outcome(socket), None);
    assert!(w.ticks <= 10, "{} timer calls in 20 s", w.ticks);
}

#[test]
fn a_provider_that_hangs_is_asked_again_for_a_socket() {
    let mut w = World::alice();
    let socket = next(&mut w, None, None);
    w.run(STUCK.0 + seconds(1));
    assert_eq!(w.calls.len(), 2);
    w.run(seconds(600));
    assert!(w.calls.len() as i64 <= 3 + seconds(600) / STUCK.0, "{} calls", w.calls.len());
    assert_eq!(w.calls.len() - w.aborted.len(), 2, "two at most are alive");
    let last = w.calls.len() - 1;
    w.grant(last, 60);
    assert!(matches!(w.outcome(socket), Some(Outcome::Token(..))));
}

#[test]
fn sockets_end_with_the_identity() {
    let mut w = World::alice();
    let held = first(&mut w);
    let socket = next(&mut w, Some(held), None);
    w.tell("bob");
    assert_eq!(w.outcome(socket), Some(&Outcome::Failed(Why::IdentityChanged)));
}
