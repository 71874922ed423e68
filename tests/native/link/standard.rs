//! The rules of npm graphql-ws, for whoever moves from it: which codes end everything, how many attempts, who pauses.

use crate::bench::{Bench, LIFE, STANDARD, live, once, passing};
use countersign::link::Effect::{Close, Finish, Open, Pause, Ping, Send};
use countersign::backends::hasura::close::standard;
use countersign::link::{Cause, End, Event, Policy, Status};
use countersign::core::time::DurationMs;

fn closed(id: u32, code: u16) -> Event {
    Event::Closed(id, standard(code))
}

#[test]
fn fatal_codes_are_reported_at_once_to_everyone() {
    for code in [1002, 1011, 1015, 4500, 4005, 4400, 4004, 4401, 4406, 4409, 4429] {
        let mut bench = Bench::ready(STANDARD);
        bench.tell(live(2));
        assert_eq!(bench.tell(closed(1, code)), [Finish(1, End::Error), Finish(2, End::Error)], "{code}");
        assert_eq!(bench.tell(live(3)), [Open(2, Cause::First)], "{code}: who asks again is not slowed down");
    }
}

#[test]
fn the_application_pauses_between_attempts_and_after_the_last_one_everything_ends() {
    let mut bench = Bench::new(STANDARD);
    bench.tell(live(1));
    bench.tell(live(2));
    for attempt in 0..5 {
        assert_eq!(bench.tell(closed(attempt + 1, 1006)), [Pause(attempt)]);
        assert_eq!(bench.pass(3_600_000), [], "it takes as long as it takes");
        assert_eq!(bench.tell(Event::Paused), [Open(attempt + 2, Cause::Retry)]);
        assert_eq!(bench.tell(Event::Paused), []);
    }
    assert_eq!(bench.tell(closed(6, 1006)), [Finish(1, End::Error), Finish(2, End::Error)]);
    assert_eq!(bench.pass(3_600_000), []);
    // Who asks again has one attempt, after another pause.
    for (attempt, op) in [(5, 3), (6, 4)] {
        assert_eq!(bench.tell(live(op)), [Pause(attempt)]);
        assert_eq!(bench.tell(Event::Paused), [Open(attempt + 2, Cause::Retry)]);
        assert_eq!(bench.tell(closed(attempt + 2, 1006)), [Finish(op, End::Error)]);
    }
}

#[test]
fn an_acknowledgement_forgives_everything() {
    let mut bench = Bench::new(STANDARD);
    bench.tell(live(1));
    for id in 1..20 {
        bench.acked(id);
        assert_eq!(bench.tell(closed(id, 4403)), [Pause(0)]);
        bench.tell(Event::Paused);
    }
}

#[test]
fn no_attempts_means_none() {
    let mut bench = Bench::new(Policy { attempts: Some(0), ..STANDARD });
    bench.tell(live(1));
    assert_eq!(bench.tell(closed(1, 1006)), [Finish(1, End::Error)]);
}

#[test]
fn a_normal_end_is_followed_at_once_and_does_not_count() {
    let mut bench = Bench::ready(STANDARD);
    for id in 1..10 {
        bench.pass(5_000);
        assert_eq!(bench.tell(closed(id, 1000)), [Open(id + 1, Cause::First)]);
        bench.acked(id + 1);
    }
    bench.tell(Event::Unsubscribe(1));
    assert_eq!(bench.tell(closed(10, 1000)), [], "and nobody needs it");
    assert_eq!(bench.pass(60_000), []);
}

#[test]
fn normal_ends_one_after_another_do_count() {
    // Which graphql-ws does not see: Hasura closes with 1000 what it does not understand.
    let mut bench = Bench::ready(STANDARD);
    assert_eq!(bench.tell(closed(1, 1000)), [Open(2, Cause::First)]);
    for id in 2..10 {
        bench.acked(id);
        assert_eq!(bench.tell(closed(id, 1000)), [Pause(0)]);
        assert_eq!(bench.tell(Event::Paused), [Open(id + 1, Cause::Retry)]);
    }
}

#[test]
fn queries_that_were_sent_are_not_sent_again() {
    let mut bench = Bench::ready(STANDARD);
    bench.tell(once(2));
    assert_eq!(bench.tell(closed(1, 1006)), [Finish(2, End::Unknown), Pause(0)]);
    bench.tell(once(3));
    bench.tell(Event::Paused);
    assert_eq!(bench.acked(2), [Send(1, 2), Send(3, 2)]);
}

#[test]
fn it_does_not_wait_for_a_pause_that_nobody_needs() {
    let mut bench = Bench::ready(STANDARD);
    assert_eq!(bench.tell(closed(1, 1006)), [Pause(0)]);
    bench.tell(Event::Unsubscribe(1));
    assert_eq!(bench.tell(Event::Paused), []);
    assert_eq!(bench.pass(60_000), []);
    assert_eq!(bench.told().last(), Some(&(Status::Idle, 0)));
    assert_eq!(bench.tell(live(2)), [Pause(0)], "it did not count, and whoever comes waits for one");
    bench.tell(Event::Unsubscribe(2));
    assert_eq!(bench.tell(live(3)), [], "for the same one");
    assert_eq!(bench.tell(Event::Paused), [Open(2, Cause::Retry)]);
    assert_eq!(bench.tell(closed(2, 1006)), [Pause(1)]);
    bench.tell(Event::Unsubscribe(3));
    bench.tell(Event::Paused);

    let mut bench = Bench::new(Policy { idle: Some(DurationMs::seconds(1)), ..STANDARD });
    bench.tell(live(1));
    bench.acked(1);
    bench.tell(Event::Unsubscribe(1));
    assert_eq!(bench.tell(closed(1, 1006)), [], "nobody waits");
    assert_eq!(bench.tell(live(2)), [Pause(0)]);
}

#[test]
fn the_pause_is_the_application_s_at_the_expiry_too() {
    for left in [Some(DurationMs::ZERO), Some(DurationMs(-1_000)), LIFE] {
        let mut bench = Bench::new(STANDARD);
        bench.tell(live(1));
        for id in 1..5 {
            bench.acked_for(id, left);
            bench.pass(if left == LIFE { 60_000 } else { 0 });
            assert_eq!(bench.tell(closed(id, 1006)), [Pause(0)], "{left:?}");
            bench.tell(Event::Paused);
        }
    }
}

#[test]
fn what_is_terminated_is_tried_again_as_after_a_loss() {
    let mut bench = Bench::ready(STANDARD);
    assert_eq!(bench.tell(Event::Terminate), [Close(1, 4499), Pause(0)]);
    assert_eq!(bench.tell(Event::Terminate), []);
    assert_eq!(bench.tell(Event::Paused), [Open(2, Cause::Retry)]);
}

#[test]
fn keep_alive_pings_without_judging_and_the_acknowledgement_may_have_a_limit() {
    let policy = Policy { ping: DurationMs::seconds(10), ack: DurationMs::seconds(3), ..STANDARD };
    let mut bench = Bench::new(policy);
    bench.tell(live(1));
    bench.tell(Event::Opened(1));
    assert_eq!(bench.pass(3_000), [(3_000, Close(1, 4504)), (3_000, Pause(0))]);
    bench.tell(Event::Paused);
    bench.acked(2);
    assert_eq!(bench.pass(60_000), [(10_000, Ping(2))]);
}

#[test]
fn sockets_rotate_here_too() {
    let mut bench = Bench::ready(STANDARD);
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(2_000), [(1_000, Open(2, Cause::Rotation))]);
    assert_eq!(bench.tell(passing(2)), [Pause(0)]);
    assert_eq!(bench.tell(Event::Paused), [Open(3, Cause::Rotation)]);
    assert_eq!(bench.acked(3), [Send(1, 3)]);
}

#[test]
fn who_does_not_want_another_attempt_ends_everything() {
    let mut bench = Bench::new(Policy { idle: None, ..STANDARD });
    bench.tell(Event::Start);
    bench.tell(live(1));
    bench.acked(1);
    assert_eq!(bench.tell(Event::Refrained), [], "nobody was asked");
    assert_eq!(bench.tell(closed(1, 1006)), [Pause(0)]);
    assert_eq!(bench.tell(Event::Refrained), [Finish(0, End::Error), Finish(1, End::Error)]);
    assert_eq!(bench.pass(60_000), [], "and nothing is tried");
}
