//! One request at a time: sent, judged, replayed once at most, delivered or failed.

use countersign::auth::entry::FlightId;
use countersign::auth::flights::Answer;
use countersign::auth::identity::Told;
use countersign::auth::machine::{Acquired, Want};
use countersign::core::error::Why;
use countersign::core::http::{Backend, Head, Reading, Verdict};
use countersign::core::lease::LeaseId;
use countersign::driver::call::Plan;
use countersign::driver::session::{Event, Target};

use crate::script::*;

#[test]
fn waits_for_its_token_and_is_delivered() {
    let rig = Rig::new();
    rig.call(1, PLAN);
    assert_eq!(rig.news(), [Act::Ask { flight: 1, force: false }]);
    rig.answer(1, "a");
    assert_eq!(rig.news(), [sent(1, "a")]);
    assert!(!rig.head(1, 200));
    assert_eq!(rig.news(), [Act::Deliver(1)]);
    assert!(!rig.head(1, 401), "it is over");
    rig.call(2, PLAN);
    assert_eq!(rig.news(), [sent(2, "a")], "from the cache");
}

#[test]
fn refused_it_is_replayed_once_with_a_better_token() {
    let rig = Rig::with("a");
    rig.call(2, PLAN);
    rig.head(2, 401);
    assert_eq!(rig.news(), [sent(2, "a"), Act::Rejected, Act::Ask { flight: 2, force: true }]);
    rig.answer(2, "b");
    assert_eq!(rig.news(), [sent(2, "b")]);
    rig.head(2, 401);
    assert_eq!(rig.news(), [Act::Rejected, Act::Deliver(2)], "there is no third");
}

#[test]
fn with_no_better_token_the_refusal_itself_is_delivered() {
    for (answer, what) in [
        (Some(Answer::Token { value: "a".into(), claims: None, expires_at: None }), "the same"),
        (Some(Answer::Failed(Why::ProviderThrew)), "none"),
        (Some(Answer::Nobody), "nobody"),
        (None, "silence"),
    ] {
        let rig = Rig::with("a");
        rig.call(2, PLAN);
        rig.head(2, 401);
        rig.news();
        match answer {
            Some(answer) => {
                rig.driver.handle(Event::Answered(FlightId(2), answer));
            }
            None => rig.run(11_000),
        }
        assert_eq!(rig.news(), [Act::Deliver(2)], "{what}");
    }
}

#[test]
fn twenty_refusals_are_one_call_and_twenty_replays() {
    let rig = Rig::with("a");
    for id in 2..22 {
        rig.call(id, PLAN);
    }
    for id in 2..22 {
        rig.head(id, 401);
    }
    assert_eq!(rig.news().iter().filter(|a| matches!(a, Act::Ask { .. })).count(), 1);
    rig.answer(2, "b");
    assert_eq!(rig.news(), (2..22).map(|id| sent(id, "b")).collect::<Vec<_>>());
    rig.call(30, PLAN);
    rig.call(31, PLAN);
    rig.head(30, 200);
    rig.news();
}

#[test]
fn a_refusal_of_the_old_token_after_the_refresh_costs_no_call() {
    let rig = Rig::with("a");
    rig.call(2, PLAN);
    rig.call(3, PLAN);
    rig.head(2, 401);
    rig.answer(2, "b");
    rig.news();
    rig.head(3, 401);
    assert_eq!(rig.news(), [sent(3, "b")]);
}

#[test]
fn a_body_that_cannot_be_sent_twice_is_not() {
    let rig = Rig::with("a");
    rig.call(2, Plan { replayable: false, ..PLAN });
    rig.head(2, 401);
    assert_eq!(rig.news(), [sent(2, "a"), Act::Rejected, Act::Ask { flight: 2, force: true }, Act::Deliver(2)], "the next call shall not carry it");
    rig.call(3, PLAN);
    rig.answer(2, "b");
    assert_eq!(rig.news(), [sent(3, "b")]);
}

#[test]
fn what_cannot_be_sent_twice_waits_for_a_token_that_is_not_about_to_be_renewed() {
    let rig = Rig::with("a");
    rig.run(49_000);
    rig.news();
    rig.call(2, PLAN);
    assert_eq!(rig.news(), [sent(2, "a")], "what can be replayed need not");
    rig.call(3, Plan { replayable: false, ..PLAN });
    assert_eq!(rig.news(), []);
    rig.answer(2, "b");
    assert_eq!(rig.news(), [sent(3, "b")]);
}

#[test]
fn signed_out_it_is_sent_bare_or_not_at_all() {
    let rig = Rig::new();
    rig.driver.handle(Event::Told(Told::SignedOut));
    rig.news();
    rig.call(1, PLAN);
    rig.call(2, Plan { anonymous: true, ..PLAN });
    assert_eq!(rig.news(), [Act::Fail(1, Why::SignedOut), Act::Send(2, None)]);
    rig.head(2, 401);
    assert_eq!(rig.news(), [Act::Deliver(2)], "a token it never had cannot be refreshed");
    rig.call(3, Plan { key: None, ..PLAN });
    rig.head(3, 401);
    assert_eq!(rig.news(), [Act::Send(3, None), Act::Deliver(3)], "a bare backend has a session of its own");
}

static CLOCKY: Backend = Backend { name: "clocky", classify: |head| Reading::Decided(if head.status == 425 { Verdict::Wait(countersign::core::time::DurationMs(1_500)) } else { Verdict::Ok }) };

#[test]
fn clocks_that_disagree_are_waited_for_with_the_same_token() {
    let rig = Rig::with("a");
    rig.call(2, to(&CLOCKY));
    rig.head(2, 425);
    assert_eq!(rig.news(), [sent(2, "a")]);
    rig.run(1_499);
    assert_eq!(rig.news(), []);
    rig.run(1);
    assert_eq!(rig.news(), [sent(2, "a")]);
    rig.head(2, 425);
    assert_eq!(rig.news(), [Act::Deliver(2)], "once");
}

static LOOKS: Backend = Backend {
    name: "looks",
    classify: |head| match head.text {
        "refuse" => Reading::Decided(Verdict::Refresh),
        "fail" => Reading::Decided(Verdict::Fail),
        "fine" => Reading::Decided(Verdict::Ok),
        _ => Reading::More,
    },
};

#[test]
fn a_body_is_read_only_as_far_as_needed() {
    let rig = Rig::with("a");
    rig.call(2, to(&LOOKS));
    assert!(rig.head(2, 200));
    assert_eq!(rig.news(), [sent(2, "a"), Act::Read(2)]);
    assert!(rig.body(2, "re", false));
    assert!(!rig.body(2, "refuse", false));
    assert_eq!(rig.news(), [Act::Rejected, Act::Ask { flight: 2, force: true }]);
    rig.answer(2, "b");
    assert!(rig.head(2, 200));
    assert!(!rig.body(2, "unclear", true), "all there is to be read decides nothing");
    assert_eq!(rig.news(), [sent(2, "b"), Act::Read(2), Act::Deliver(2)]);
    rig.call(3, to(&LOOKS));
    rig.head(3, 200);
    rig.body(3, "fail", false);
    assert_eq!(rig.news(), [sent(3, "b"), Act::Read(3), Act::Rejected, Act::Deliver(3)], "no new token would cure it");
}

#[test]
fn a_classifier_of_the_callers_own_speaks_through_an_event() {
    let rig = Rig::with("a");
    rig.call(2, to(&LOOKS));
    rig.head(2, 200);
    rig.news();
    rig.driver.handle(Event::Verdict(2, Verdict::Refresh));
    rig.answer(2, "b");
    rig.driver.handle(Event::Verdict(2, Verdict::Ok));
    rig.driver.handle(Event::Verdict(2, Verdict::Refresh));
    assert_eq!(rig.news(), [Act::Rejected, Act::Ask { flight: 2, force: true }, sent(2, "b"), Act::Deliver(2)]);
}

#[test]
fn a_caller_that_aborts_frees_its_slot_in_every_phase() {
    let rig = Rig::new();
    rig.call(1, PLAN);
    assert!(rig.gone(1) && !rig.gone(1));
    rig.news();
    rig.answer(1, "a");
    assert_eq!(rig.news(), [], "the flight went on, for whoever comes next");
    rig.call(2, PLAN);
    assert!(rig.gone(2));
    rig.call(3, PLAN);
    rig.head(3, 401);
    assert!(rig.gone(3));
    rig.call(4, to(&CLOCKY));
    rig.answer(2, "b");
    rig.head(4, 425);
    rig.gone(4);
    rig.news();
    rig.run(60_000);
    rig.head(2, 200);
    let rest = rig.news();
    assert!(!rest.iter().any(|a| matches!(a, Act::Send(..) | Act::Deliver(_) | Act::Fail(..))), "{rest:?}");
}

#[test]
fn readers_and_sockets_are_answered_by_their_own_ports() {
    let rig = Rig::new();
    assert!(matches!(rig.driver.get(Target::Token(7), KEY, Want::Any, None), Acquired::Pending));
    assert!(matches!(rig.driver.get(Target::Lease(8), KEY, Want::Next(None, None), None), Acquired::Pending));
    rig.answer(1, "a");
    assert_eq!(rig.news()[1..], [Act::Give(7, Some("a".into())), Act::Lend(8, Some("a".into()))]);
    assert!(matches!(rig.driver.get(Target::Lease(9), KEY, Want::Next(Some(LeaseId(1)), None), None), Acquired::Pending));
    rig.driver.handle(Event::Rejected(LeaseId(1)));
    rig.answer(2, "b");
    assert_eq!(rig.news(), [Act::Rejected, Act::Ask { flight: 2, force: true }, Act::Lend(9, Some("b".into()))]);
}

#[test]
fn the_timer_is_not_set_anew_for_every_request_and_not_put_off_by_them() {
    let rig = Rig::with("a");
    let before = rig.driver.ports().wake.get().1;
    for id in 2..1_002 {
        rig.call(id, PLAN);
        rig.head(id, 200);
    }
    assert!(rig.driver.ports().wake.get().1 - before <= 2);
    let rig = Rig::new();
    rig.call(1, PLAN);
    for id in 2..2_000 {
        rig.run(10);
        rig.call(id, Plan { key: None, ..PLAN });
    }
    assert!(rig.news().contains(&Act::Fail(1, Why::NoAnswer)), "ten seconds are ten seconds, however busy it is");
}

#[test]
fn after_the_end_there_is_no_timer_and_no_token() {
    let rig = Rig::with("a");
    rig.call(2, PLAN);
    rig.call(3, to(&LOOKS));
    rig.news();
    rig.driver.handle(Event::Disposed);
    let end = rig.news();
    assert!(end.contains(&Act::Fail(2, Why::Disposed)) && end.contains(&Act::Fail(3, Why::Disposed)));
    rig.call(4, PLAN);
    assert_eq!(rig.news(), [Act::Fail(4, Why::Disposed)]);
    assert_eq!(rig.driver.ports().wake.get().0, None);
    assert!(!rig.driver.handle(Event::Head(2, Head { status: 200, text: "", complete: true, read: true })));
    assert_eq!(rig.news(), []);
}

#[test]
fn the_same_token_under_another_name_is_not_sent_again() {
    let rig = Rig::new();
    rig.driver.handle(Event::Disconnected);
    rig.driver.handle(Event::Connected { watches: false });
    rig.call(2, PLAN);
    rig.answer(1, "a");
    rig.news();
    rig.head(2, 401);
    // Told for the first time: whose the token was is not known, so it is not kept.
    rig.driver.handle(user("alice"));
    let flight = rig.news().iter().rev().find_map(|act| if let Act::Ask { flight, .. } = act { Some(*flight) } else { None }).unwrap();
    rig.answer(flight, "a");
    assert_eq!(rig.news(), [Act::Deliver(2)]);
}
