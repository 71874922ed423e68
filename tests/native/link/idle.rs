//! A socket without operations: closed at once, after a while, or kept.

use crate::bench::{Bench, OURS, live, passing};
use countersign::link::Effect::{Close, Finish, Open, Ping, Send, Stop};
use countersign::link::{self, Cause, End, Event, Policy};
use countersign::core::time::DurationMs;

const AT_ONCE: Policy = Policy { idle: Some(DurationMs::ZERO), ..OURS };
const KEPT: Policy = Policy { idle: None, ..OURS };

#[test]
fn without_a_while_it_is_closed_with_the_last_operation() {
    let mut bench = Bench::ready(AT_ONCE);
    assert_eq!(bench.tell(Event::Unsubscribe(1)), [Stop(1, 1), Close(1, 1000)]);
    assert_eq!(bench.pass(60_000), []);
    assert_eq!(bench.tell(live(2)), [Open(2, Cause::First)]);
    bench.acked(2);
    assert_eq!(bench.tell(Event::Ended(2)), [Close(2, 1000)], "the server ended it");
}

#[test]
fn after_a_while_unless_somebody_comes() {
    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.tell(Event::Unsubscribe(1)), [Stop(1, 1)]);
    assert_eq!(bench.pass(2_999), []);
    assert_eq!(bench.tell(live(2)), [Send(2, 1)]);
    bench.hear(1, 10_000);
    bench.tell(Event::Unsubscribe(2));
    assert_eq!(bench.pass(60_000), [(3_000, Close(1, 1000))], "three seconds from the last one");
}

#[test]
fn a_socket_that_is_lost_while_nobody_needs_it_is_not_replaced() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Unsubscribe(1));
    assert_eq!(bench.tell(passing(1)), []);
    assert_eq!(bench.pass(3_600_000), []);
    assert_eq!(bench.tell(live(2)), [Open(2, Cause::Retry)]);
    bench.acked(2);
    bench.tell(Event::Unsubscribe(2));
    assert_eq!(bench.pass(10_000), [(3_000, Close(2, 1000))], "three seconds of its own");
}

#[test]
fn one_that_is_being_opened_for_nobody_is_closed_when_it_works() {
    for (policy, after) in [(AT_ONCE, 0), (OURS, 3_000)] {
        let mut bench = Bench::new(policy);
        bench.tell(live(1));
        assert_eq!(bench.tell(Event::Unsubscribe(1)), []);
        let mut done: Vec<_> = bench.acked(1).into_iter().map(|effect| (0, effect)).collect();
        done.extend(bench.pass(10_000));
        assert_eq!(done, [(after, Close(1, 1000))]);
    }
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.tell(Event::Unsubscribe(1));
    assert_eq!(bench.tell(passing(1)), []);
    assert_eq!(bench.pass(60_000), [], "and not tried again");
    assert_eq!(bench.tell(live(2)), [Open(2, Cause::Retry)]);
}

#[test]
fn one_that_is_kept_is_opened_without_operations_and_again_when_it_is_lost() {
    let mut bench = Bench::new(KEPT);
    assert_eq!(bench.tell(Event::Start), [Open(1, Cause::First)]);
    assert_eq!(bench.acked(1), []);
    bench.hear(1, 20_000);
    bench.tell(live(1));
    bench.tell(Event::Unsubscribe(1));
    bench.hear(1, 20_000);
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(2_000), [(1_000, Open(2, Cause::Rotation))]);
    assert_eq!(bench.acked(2), [Close(1, 1000)]);
    bench.tell(passing(2));
    assert_eq!(bench.wait(), [(500, Open(3, Cause::Retry))]);
}

#[test]
fn one_that_is_kept_says_when_it_is_given_up() {
    let mut bench = Bench::new(KEPT);
    bench.tell(Event::Start);
    bench.tell(live(1));
    assert_eq!(bench.tell(Event::Closed(1, link::Close::Fatal)), [Finish(0, End::Error), Finish(1, End::Error)]);
    assert_eq!(bench.pass(60_000), [], "and is not kept any more");
    assert_eq!(bench.tell(live(2)), [Open(2, Cause::First)]);
    bench.acked(2);
    bench.tell(Event::Unsubscribe(2));
    bench.tell(Event::Renewed(2));
    assert_eq!(bench.pass(15_000), [(15_000, Ping(2))], "there is one, and nobody to renew it for");
    bench.tell(Event::Heard(2));
    assert_eq!(bench.tell(live(3)), [Send(3, 2), Open(3, Cause::Rotation)]);
}
