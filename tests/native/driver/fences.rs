//! A request belongs to the generation in which it was called. And ports that call back before they return.

use std::cell::Cell;

use countersign::auth::entry::FlightId;
use countersign::auth::flights::Answer;
use countersign::auth::identity::Told;
use countersign::auth::machine::{Acquired, Want};
use countersign::core::error::Why;
use countersign::core::http::{Backend, Reading, Verdict};
use countersign::core::time::DurationMs;
use countersign::driver::call::Plan;
use countersign::driver::session::{Event, Target};

use crate::script::*;

static ALL: Backend = Backend {
    name: "all",
    classify: |head| match head.status {
        401 => Reading::Decided(Verdict::Refresh),
        425 => Reading::Decided(Verdict::Wait(DurationMs(1_500))),
        206 => Reading::More,
        _ => Reading::Decided(Verdict::Ok),
    },
};

#[test]
fn in_every_phase_a_new_identity_ends_the_request_and_nothing_of_it_is_delivered() {
    for told in [Told::SignedOut, Told::User(countersign::auth::identity::Person { key: countersign::core::text::Mark::of("bob"), subject: None })] {
        for phase in ["waiting", "sent", "reading", "paused", "refused", "replayed"] {
            let rig = if phase == "waiting" { Rig::new() } else { Rig::with("a") };
            rig.call(9, to(&ALL));
            match phase {
                "reading" => assert!(rig.head(9, 206)),
                "paused" => assert!(!rig.head(9, 425)),
                "refused" | "replayed" => assert!(!rig.head(9, 401)),
                _ => {}
            }
            if phase == "replayed" {
                rig.answer(2, "b");
            }
            rig.news();
            rig.driver.handle(Event::Told(told));
            let news = rig.news();
            assert_eq!(news[0], Act::Fence(1), "{phase}: the fence stands first");
            assert_eq!(news.iter().filter(|a| **a == Act::Fail(9, Why::IdentityChanged)).count(), 1, "{phase}: {news:?}");
            // Whatever comes late is nobody's.
            rig.head(9, 200);
            rig.answer(1, "late");
            rig.answer(2, "late");
            rig.run(20_000);
            rig.driver.handle(Event::Verdict(9, Verdict::Ok));
            assert_eq!(rig.news(), [], "{phase}");
        }
    }
}

#[test]
fn the_fence_stands_before_whoever_waits_is_told() {
    let rig = Rig::new();
    assert!(matches!(rig.driver.get(Target::Token(1), KEY, Want::Any, None), Acquired::Pending));
    assert!(matches!(rig.driver.get(Target::Lease(2), KEY, Want::Next(None, None), None), Acquired::Pending));
    rig.news();
    rig.driver.handle(user("bob"));
    let news = rig.news();
    assert_eq!(news[0], Act::Fence(1));
    for id in [1, 2] {
        assert_eq!(news.iter().filter(|act| **act == Act::Fail(id, Why::IdentityChanged)).count(), 1, "{news:?}");
    }
}

#[test]
fn a_hold_lets_nothing_out_and_ends_nothing() {
    let rig = Rig::with("a");
    rig.call(2, PLAN);
    rig.driver.handle(Event::Told(Told::Unknown));
    rig.call(3, PLAN);
    rig.head(2, 401);
    assert_eq!(rig.news(), [sent(2, "a"), Act::Rejected]);
    rig.driver.handle(user("alice"));
    rig.answer(2, "b");
    assert_eq!(rig.news().iter().filter(|a| matches!(a, Act::Send(..))).count(), 2);
}

#[test]
fn a_provider_that_answers_at_once_is_no_reentrance() {
    let rig = Rig::new();
    rig.hook(|driver, act| {
        if let Act::Ask { flight, .. } = act {
            driver.handle(Event::Answered(FlightId(*flight), Answer::Token { value: "a".into(), claims: None, expires_at: None }));
        }
    });
    rig.call(1, PLAN);
    assert_eq!(rig.news(), [Act::Ask { flight: 1, force: false }, sent(1, "a")]);
}

#[test]
fn a_provider_that_fetches_through_the_session_is_told_so() {
    let rig = Rig::new();
    rig.hook(|driver, act| {
        if matches!(act, Act::Ask { .. }) {
            driver.handle(Event::Call(2, PLAN));
        }
    });
    rig.call(1, PLAN);
    rig.answer(1, "a");
    assert_eq!(rig.news(), [Act::Ask { flight: 1, force: false }, Act::Fail(2, Why::Reentrant), sent(1, "a")]);
}

#[test]
fn an_identity_reported_from_inside_a_port_fences_what_is_still_in_the_queue() {
    // Two calls get one token; while the first is being sent, somebody signs out.
    let rig = Rig::new();
    rig.call(1, PLAN);
    rig.call(2, PLAN);
    rig.news();
    rig.hook(|driver, act| {
        if *act == sent(1, "a") {
            driver.handle(Event::Told(Told::SignedOut));
        }
    });
    rig.answer(1, "a");
    let news = rig.news();
    assert_eq!(news.iter().filter(|a| matches!(a, Act::Send(..))).count(), 1, "{news:?}");
    for id in [1, 2] {
        assert_eq!(news.iter().filter(|a| **a == Act::Fail(id, Why::IdentityChanged)).count(), 1, "{news:?}");
    }
}

#[test]
fn an_answer_in_the_queue_is_not_handed_over_after_a_fence() {
    let rig = Rig::with("a");
    rig.call(2, PLAN);
    rig.call(3, PLAN);
    rig.news();
    // While 2 is handed over, the answer to 3 arrives, and then another user.
    rig.hook(|driver, act| {
        if *act == Act::Deliver(2) {
            driver.handle(Event::Head(3, countersign::core::http::Head { status: 200, text: "", complete: true, read: true }));
            driver.handle(user("bob"));
        }
    });
    rig.head(2, 200);
    let news = rig.news();
    assert!(!news.contains(&Act::Deliver(3)) && news.contains(&Act::Fail(3, Why::IdentityChanged)), "{news:?}");
}

#[test]
fn what_begins_after_a_reentrant_fence_is_sent() {
    for changes in [1, 2] {
        let rig = Rig::with("a");
        let done = Cell::new(false);
        rig.hook(move |driver, act| {
            if *act == sent(2, "a") && !done.replace(true) {
                // Signs out (and in, and out) and then sends without a token: this side of the fence.
                driver.handle(Event::Told(Told::SignedOut));
                if changes == 2 {
                    driver.handle(user("bob"));
                    driver.handle(Event::Told(Told::SignedOut));
                }
                driver.handle(Event::Call(3, countersign::driver::call::Plan { anonymous: true, ..PLAN }));
            }
        });
        rig.call(2, PLAN);
        let news = rig.news();
        assert!(news.contains(&Act::Fail(2, Why::IdentityChanged)), "{news:?}");
        assert!(news.contains(&Act::Send(3, None)), "{changes}: {news:?}");
        rig.head(3, 200);
        assert_eq!(rig.news(), [Act::Deliver(3)]);
    }
}

#[test]
fn a_token_in_the_queue_is_not_given_after_a_fence() {
    let rig = Rig::new();
    assert!(matches!(rig.driver.get(Target::Token(1), KEY, Want::Any, None), Acquired::Pending));
    assert!(matches!(rig.driver.get(Target::Token(2), KEY, Want::Any, None), Acquired::Pending));
    rig.hook(|driver, act| {
        if matches!(act, Act::Give(1, _)) {
            driver.handle(user("bob"));
        }
    });
    rig.answer(1, "a");
    let news = rig.news();
    assert!(news.contains(&Act::Give(1, Some("a".into()))) && news.contains(&Act::Fail(2, Why::IdentityChanged)), "{news:?}");
    assert!(!news.iter().any(|a| matches!(a, Act::Give(2, _))), "{news:?}");
}

#[test]
fn a_hit_is_not_handed_out_when_its_own_refresh_tells_of_somebody_else() {
    let rig = Rig::with("a");
    rig.driver.handle(Event::Visible(false));
    rig.run(50_000);
    rig.hook(|driver, act| {
        if matches!(act, Act::Ask { .. }) {
            driver.handle(user("bob"));
        }
    });
    let answer = rig.driver.get(Target::Token(9), KEY, Want::Any, None);
    assert!(matches!(answer, Acquired::Failed(Why::IdentityChanged)), "{answer:?}");
}

#[test]
fn a_bare_request_is_not_sent_after_the_end() {
    let rig = Rig::new();
    rig.driver.handle(Event::Disposed);
    rig.news();
    rig.call(7, Plan { key: None, ..PLAN });
    assert_eq!(rig.news(), [Act::Fail(7, Why::Disposed)]);
}

#[test]
fn a_request_of_a_session_that_nobody_tells_does_not_go_on_as_the_next_user() {
    let rig = Rig::untold();
    rig.call(1, PLAN);
    rig.answer_as(1, "a", "alice");
    rig.head(1, 200);
    rig.news();
    rig.call(2, PLAN);
    rig.answer_as(2, "b", "bob");
    assert_eq!(rig.news().last(), Some(&Act::Fail(2, Why::IdentityChanged)));
    rig.call(3, PLAN);
    rig.answer_as(3, "c", "bob");
    assert_eq!(rig.news().last(), Some(&sent(3, "c")));
}

#[test]
fn a_replay_after_a_wait_is_not_sent_while_it_is_not_known_who_is_signed_in() {
    let rig = Rig::with("a");
    rig.call(2, to(&ALL));
    rig.head(2, 425);
    rig.driver.handle(Event::Told(Told::Unknown));
    rig.news();
    rig.run(5_000);
    assert_eq!(rig.news(), [Act::Deliver(2)]);
}

#[test]
fn a_call_of_the_provider_that_stands_in_the_queue_is_not_made_for_the_next_user() {
    let rig = Rig::with("a");
    rig.driver.look(|m, _| m.add_key());
    rig.hook(|driver, act| {
        // The first of two asks tells of somebody else; the second one was decided on before.
        if matches!(act, Act::Rejected) {
            driver.handle(Event::Told(Told::SignedOut));
        }
    });
    rig.call(2, Plan { replayable: false, ..PLAN });
    rig.news();
    rig.head(2, 401);
    assert!(!rig.news().iter().any(|act| matches!(act, Act::Ask { .. })));
}

#[test]
fn a_replay_after_a_wait_does_not_carry_a_token_that_expired_in_a_sleep() {
    let rig = Rig::with("a");
    rig.call(2, to(&ALL));
    rig.head(2, 425);
    rig.news();
    rig.sleep(8 * 3_600_000);
    rig.run(5_000);
    assert_eq!(rig.news(), [Act::Deliver(2)]);
}

#[test]
fn a_replay_after_a_wait_does_not_carry_a_token_that_was_replaced_meanwhile() {
    let rig = Rig::with("a");
    rig.call(2, to(&ALL));
    rig.head(2, 425);
    rig.driver.get(Target::Token(9), KEY, Want::Forced, None);
    rig.answer(2, "b");
    rig.news();
    rig.run(5_000);
    assert_eq!(rig.news(), [Act::Deliver(2)]);
}

#[test]
fn a_request_that_waits_when_another_user_is_noticed_ends_there() {
    let rig = Rig::untold();
    let other = rig.driver.look(|m, _| m.add_key());
    rig.driver.get(Target::Token(8), KEY, Want::Any, None);
    rig.answer_as(1, "a", "alice");
    rig.driver.get(Target::Token(9), KEY, Want::Any, None);
    rig.call(2, Plan { key: Some(other), ..PLAN });
    rig.news();
    rig.answer_as(2, "b", "bob");
    let news = rig.news();
    assert!(news.contains(&Act::Fail(2, Why::IdentityChanged)), "{news:?}");
    rig.answer_as(4, "c", "bob");
    assert_eq!(rig.news(), [], "a token that comes later is not for it");
}
