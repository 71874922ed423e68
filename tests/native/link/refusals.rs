//! The server refuses the token: a better one at once, and the second time somebody finds out why.

use crate::bench::{Bench, LIFE, OURS, live, once, passing};
use countersign::link::Close::Refused;
use countersign::link::Effect::{Finish, Open, Probe, Reject, Send};
use countersign::backends::hasura::close::hasura;
use countersign::link::{Cause, End, Event, Probe as Found, Status};
use countersign::core::time::DurationMs;

fn refused(id: u32) -> Event {
    Event::Closed(id, hasura(4403, r#"{"server_error_msg":"4403: Forbidden"}"#))
}

/// Refused twice: it waits for the probe.
fn probing(worked: bool) -> (Bench, u32) {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    let mut id = 1;
    if worked {
        bench.acked(1);
        bench.hear(1, 10_000);
        bench.tell(passing(1));
        bench.pass(500);
        id = 2;
    }
    assert_eq!(bench.tell(refused(id)), [Reject(id), Open(id + 1, Cause::Retry)]);
    bench.tell(Event::Opened(id + 1));
    assert_eq!(bench.tell(refused(id + 1)), [Probe]);
    (bench, id + 2)
}

#[test]
fn a_refused_token_is_replaced_at_once_and_another_refusal_is_looked_into() {
    let (mut bench, _) = probing(false);
    assert_eq!(bench.pass(60_000), [], "until the answer");
    assert_eq!(bench.tell(once(2)), []);

    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    assert_eq!(bench.tell(refused(1)), [Reject(1), Open(2, Cause::Retry)]);
    assert_eq!(bench.acked(2), [Send(1, 2)]);
    bench.hear(2, 10_000);
    assert_eq!(bench.tell(refused(2)), [Reject(2), Open(3, Cause::Retry)], "an acknowledgement, and it begins anew");
}

#[test]
fn before_version_2_30_the_reason_says_it() {
    let words = r#"{"server_error_msg":"4400: Connection initialization failed: Could not verify JWT: JWTExpired"}"#;
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    assert_eq!(bench.tell(Event::Closed(1, hasura(4400, words))), [Reject(1), Open(2, Cause::Retry)]);
}

#[test]
fn what_is_accepted_over_http_is_tried_again_and_given_up_if_it_never_worked() {
    for worked in [false, true] {
        let (mut bench, mut id) = probing(worked);
        for n in 1..6 {
            let effects = bench.tell(Event::Probed(Found::Accepted));
            if n == 3 && !worked {
                assert_eq!(effects, [Finish(1, End::Error)]);
                break;
            }
            assert_eq!(effects, [], "{worked} {n}");
            assert!(matches!(bench.wait()[..], [(250..=10_000, Open(next, Cause::Retry))] if next == id), "{worked} {n}");
            assert_eq!(bench.tell(refused(id)), [Probe]);
            id += 1;
        }
    }
}

#[test]
fn accepted_three_times_in_a_row_means_in_a_row() {
    let (mut bench, id) = probing(false);
    for (n, found) in [Found::Accepted, Found::Accepted, Found::Unreachable, Found::Accepted, Found::Accepted].into_iter().enumerate() {
        assert_eq!(bench.tell(Event::Probed(found)), []);
        bench.wait();
        assert_eq!(bench.tell(refused(id + n as u32)), [Probe]);
    }
    assert_eq!(bench.tell(Event::Probed(Found::Accepted)), [Finish(1, End::Error)]);
}

#[test]
fn what_passes_is_waited_for_where_it_has_worked() {
    let (mut bench, _) = probing(false);
    assert_eq!(bench.tell(Event::Probed(Found::Passing)), [Finish(1, End::Error)]);
    assert_eq!(bench.tell(Event::Probed(Found::Passing)), [], "asked once");

    let (mut bench, mut id) = probing(true);
    bench.random = 0.999_999;
    let mut longest = 0;
    for _ in 0..10 {
        assert_eq!(bench.tell(Event::Probed(Found::Passing)), []);
        let [(after, Open(next, Cause::Retry))] = bench.wait()[..] else { panic!() };
        assert_eq!(next, id);
        assert!(after > longest || after == 60_000, "{after}");
        longest = after;
        assert_eq!(bench.tell(refused(id)), [Probe]);
        id += 1;
    }
    assert_eq!(longest, 60_000, "longer than without a network: nobody can do anything about it");
    bench.tell(Event::Probed(Found::Passing));
    bench.wait();
    bench.acked(id);
    bench.tell(passing(id));
    assert!(matches!(bench.wait()[..], [(10_000, Open(..))]), "it is accepted again");
}

#[test]
fn what_somebody_must_change_is_not_waited_for() {
    for worked in [false, true] {
        let (mut bench, _) = probing(worked);
        assert_eq!(bench.tell(Event::Probed(Found::Refused)), [Finish(1, End::Error)]);
        assert_eq!(bench.said.last(), Some(&(Status::Unauthorized, 0)));
        assert_eq!(bench.pass(60_000), []);
        let mut effects = bench.tell(live(2));
        effects.extend(bench.pass(0).into_iter().map(|(_, effect)| effect));
        assert!(matches!(effects[..], [Open(..)]), "who asks again finds out again");
    }
}

#[test]
fn a_probe_without_an_answer_says_nothing() {
    let (mut bench, mut id) = probing(false);
    for _ in 0..20 {
        assert_eq!(bench.tell(Event::Probed(Found::Unreachable)), []);
        assert!(matches!(bench.wait()[..], [(250..=10_000, Open(next, _))] if next == id));
        assert_eq!(bench.tell(refused(id)), [Probe]);
        id += 1;
    }
}

#[test]
fn while_a_socket_works_nothing_is_given_up() {
    let mut bench = Bench::ready(OURS);
    bench.hear(1, 48_000);
    bench.tell(Event::Renewed(1));
    bench.pass(1_000);
    assert_eq!(bench.tell(refused(2)), [Reject(2), Open(3, Cause::Rotation)]);
    assert_eq!(bench.tell(refused(3)), [Probe]);
    assert_eq!(bench.tell(Event::Probed(Found::Refused)), []);
    let [(250..=750, Open(4, Cause::Rotation))] = bench.wait()[..] else { panic!() };
    assert_eq!(bench.tell(refused(4)), [Probe]);
    assert_eq!(bench.tell(passing(1)), [], "until it ends; and that was too early to be its expiry");
    let [(250..=60_000, Open(5, Cause::Retry))] = bench.wait()[..] else { panic!() };
    assert_eq!(bench.tell(Event::Probed(Found::Refused)), [], "of an attempt that is over");
    assert_eq!(bench.tell(refused(5)), [Probe]);
    assert_eq!(bench.tell(Event::Probed(Found::Refused)), [Finish(1, End::Error)]);
}

#[test]
fn a_server_that_acknowledges_and_then_refuses_is_not_asked_without_a_pause() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    for (id, expected) in [(1, 500), (2, 875), (3, 1_437)] {
        bench.acked(id);
        assert_eq!(bench.tell(Event::Closed(id, Refused)), [Reject(id)]);
        assert_eq!(bench.wait(), [(expected, Open(id + 1, Cause::Retry))]);
    }
    // One that lasted is another matter: somebody was barred, say.
    bench.acked(4);
    bench.hear(4, 5_000);
    assert_eq!(bench.tell(Event::Closed(4, Refused)), [Reject(4), Open(5, Cause::Retry)]);
}

#[test]
fn an_expired_token_that_is_refused_every_time_does_not_make_it_hurry() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    let mut quick = 0;
    for id in 1..40 {
        let mut effects = if id % 2 == 0 {
            bench.acked_for(id, Some(DurationMs::ZERO));
            bench.tell(passing(id))
        } else {
            bench.tell(refused(id))
        };
        if effects.contains(&Probe) {
            effects.extend(bench.tell(Event::Probed(Found::Accepted)));
        }
        if effects.contains(&Open(id + 1, Cause::Retry)) {
            quick += 1;
        } else {
            assert!(matches!(bench.wait()[..], [(250.., Open(..))]), "{id} {effects:?}");
        }
    }
    // A refusal may always be the first of its token; its cut never is.
    assert_eq!(quick, 20 + 1, "{LIFE:?}");
}
