//! Sockets that are lost: how long it pauses, what the expiry of a token has to do with it, and whom a server's dislike ends.

use crate::bench::{Bench, OURS, live, once, passing};
use countersign::link::Close::{Doubtful, Fatal, Normal, Passing};
use countersign::link::Effect::{Close, Finish, Open, Send, Stop};
use countersign::link::{Cause, End, Event};
use countersign::core::time::DurationMs;

/// After how long the next socket is opened, if nothing else happens.
fn pause(bench: &mut Bench) -> (i64, u32) {
    let done = bench.wait();
    let [(after, Open(id, Cause::Retry | Cause::Rotation))] = done[..] else { panic!("{done:?}") };
    (after, id)
}

#[test]
fn pauses_are_jittered_and_bounded() {
    for (random, expected) in [(0.0, [250, 250, 250, 250, 250, 250]), (0.5, [500, 875, 1_437, 2_280, 3_545, 5_442]), (0.999_999, [749, 2_246, 6_737, 10_000, 10_000, 10_000])] {
        let mut bench = Bench::new(OURS);
        bench.random = random;
        bench.tell(live(1));
        let mut id = 1;
        for expected in expected {
            assert_eq!(bench.tell(passing(id)), []);
            let (after, next) = pause(&mut bench);
            assert_eq!(after, expected, "{random}");
            id = next;
            bench.acked(id);
        }
    }
}

#[test]
fn a_socket_that_lasted_forgives_what_was_before() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    for (id, expected) in [(1, 500), (2, 875)] {
        bench.tell(passing(id));
        assert_eq!(bench.pass(expected), [(expected, Open(id + 1, Cause::Retry))]);
    }
    bench.acked(3);
    bench.hear(3, 4_999);
    bench.tell(passing(3));
    assert_eq!(bench.pass(1_437), [(1_437, Open(4, Cause::Retry))], "it was acknowledged, and that is not enough");
    bench.acked(4);
    bench.hear(4, 5_000);
    bench.tell(passing(4));
    assert_eq!(bench.pass(500), [(500, Open(5, Cause::Retry))]);
}

#[test]
fn the_cut_at_the_expiry_of_the_token_is_no_failure() {
    for (lived, at_once) in [(56_999, false), (57_000, true), (60_000, true), (70_000, true)] {
        let mut bench = Bench::ready(OURS);
        bench.hear(1, lived);
        let expected: &[_] = if at_once { &[Open(2, Cause::Retry)] } else { &[] };
        assert_eq!(bench.tell(passing(1)), expected, "{lived}");
    }
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.acked_for(1, None);
    bench.hear(1, 60_000);
    assert_eq!(bench.tell(passing(1)), [], "nobody knows when it expired");
}

#[test]
fn the_expiry_is_told_by_the_clock_that_did_not_stand_still() {
    let mut bench = Bench::ready(OURS);
    bench.hear(1, 10_000);
    bench.wall += 50_000;
    assert_eq!(bench.tell(passing(1)), [Close(1, 4499), Open(2, Cause::Retry)]);
}

#[test]
fn a_token_that_is_past_its_expiry_from_the_beginning_does_not_make_it_hurry() {
    for left in [3_000, 1, 0, -60_000] {
        let mut bench = Bench::new(OURS);
        bench.tell(live(1));
        bench.acked_for(1, Some(DurationMs(left)));
        assert_eq!(bench.tell(passing(1)), [Open(2, Cause::Retry)], "it may be bad luck");
        for (id, expected) in [(2, 500), (3, 875), (4, 1_437)] {
            bench.acked_for(id, Some(DurationMs(left)));
            assert_eq!(bench.tell(passing(id)), [], "{left}");
            assert_eq!(bench.pass(expected), [(expected, Open(id + 1, Cause::Retry))], "{left}");
        }
    }
}

#[test]
fn a_token_that_cannot_be_had_now_is_asked_for_again() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.tell(once(2));
    assert_eq!(bench.tell(Event::Lost(1)), []);
    assert_eq!(bench.pass(500), [(500, Open(2, Cause::Retry))]);
    assert_eq!(bench.acked(2), [Send(1, 2), Send(2, 2)]);
}

#[test]
fn a_token_that_cannot_be_had_at_all_ends_everything() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.tell(once(2));
    assert_eq!(bench.tell(Event::Failed(1)), [Finish(1, End::Error), Finish(2, End::Error)]);
    assert_eq!(bench.pass(60_000), []);
    assert_eq!(bench.tell(Event::Failed(1)), []);
}

#[test]
fn who_asks_again_at_once_is_slowed_down() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    for (op, expected) in [(1, 500), (2, 875), (3, 1_437), (4, 2_280)] {
        assert_eq!(bench.tell(Event::Closed(op, Fatal)), [Finish(op, End::Error)]);
        assert_eq!(bench.tell(live(op + 1)), []);
        let opened = bench.pass(expected);
        assert!(matches!(opened[..], [(after, Open(..))] if after == expected), "{opened:?}");
    }
    bench.tell(Event::Closed(5, Fatal));
    bench.pass(60_000);
    assert_eq!(bench.tell(live(6)), [Open(6, Cause::First)], "who asks later is not");
}

#[test]
fn a_normal_end_is_a_loss_like_another() {
    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.tell(Event::Closed(1, Normal)), []);
    assert_eq!(bench.pass(500), [(500, Open(2, Cause::Retry))]);
}

#[test]
fn what_the_server_does_not_like_is_the_one_that_never_worked() {
    let mut bench = Bench::ready(OURS);
    bench.tell(live(2));
    bench.tell(Event::Arrived(2, 1));
    bench.hear(1, 10_000);
    assert_eq!(bench.tell(live(3)), [Send(3, 1)]);
    assert_eq!(bench.tell(Event::Closed(1, Doubtful)), []);
    for id in 2..4 {
        let (_, next) = pause(&mut bench);
        assert_eq!(next, id);
        assert_eq!(bench.acked(id), [Send(1, id), Send(2, id), Send(3, id)]);
        bench.tell(Event::Arrived(1, id));
        let expected: &[_] = if id == 3 { &[Finish(3, End::Error)] } else { &[] };
        assert_eq!(bench.tell(Event::Closed(id, Doubtful)), expected);
    }
    let (_, next) = pause(&mut bench);
    assert_eq!(next, 4);
    assert_eq!(bench.acked(4), [Send(1, 4), Send(2, 4)], "the others go on");
    bench.hear(4, 10_000);
}

#[test]
fn if_none_or_all_of_them_worked_nobody_knows_which_one_it_is() {
    for worked in [false, true] {
        let mut bench = Bench::new(OURS);
        bench.tell(live(1));
        bench.tell(live(2));
        for id in 1..4 {
            bench.acked(id);
            if worked {
                bench.tell(Event::Arrived(1, id));
                bench.tell(Event::Arrived(2, id));
            }
            let expected: &[_] = if id == 3 { &[Finish(1, End::Error), Finish(2, End::Error)] } else { &[] };
            assert_eq!(bench.tell(Event::Closed(id, Doubtful)), expected);
            if id < 3 {
                pause(&mut bench);
            }
        }
        assert_eq!(bench.pass(60_000), []);
    }
}

#[test]
fn a_socket_that_lasted_takes_the_doubts_away() {
    let mut bench = Bench::ready(OURS);
    for id in 1..10 {
        bench.hear(id, 5_000);
        assert_eq!(bench.tell(Event::Closed(id, Doubtful)), []);
        pause(&mut bench);
        bench.acked(id + 1);
        bench.tell(Event::Heard(id + 1));
    }
}

#[test]
fn what_would_end_the_same_way_is_not_tried_again() {
    let mut bench = Bench::ready(OURS);
    bench.tell(once(2));
    bench.tell(live(3));
    bench.tell(Event::Unsubscribe(3));
    assert_eq!(bench.tell(Event::Closed(1, Fatal)), [Finish(2, End::Unknown), Finish(1, End::Error)], "one was sent, and nobody knows what became of it");
    assert_eq!(bench.pass(60_000), []);
}

#[test]
fn what_works_on_an_old_socket_is_not_ended_by_what_happens_to_a_new_one() {
    for close in [Fatal, Doubtful] {
        let mut bench = Bench::ready(OURS);
        bench.tell(once(2));
        bench.rotate(1);
        bench.tell(live(3));
        for id in 2..5 {
            // 3 waits for a socket; 1 and 2 work where they are.
            let expected: &[_] = if id == if close == Fatal { 2 } else { 4 } { &[Finish(3, End::Error)] } else { &[] };
            assert_eq!(bench.tell(Event::Closed(id, close)), expected, "{close:?} {id}");
            assert_eq!(bench.tell(Event::Arrived(1, 1)), []);
            bench.tell(Event::Heard(1));
            let done = bench.pass(9_000);
            assert!(matches!(done[..], [(250.., Open(..))]), "{close:?} {id}: {done:?}");
            bench.tell(Event::Heard(1));
            bench.acked(id + 1);
        }
        assert_eq!(bench.tell(Event::Ended(2)), []);
        assert_eq!(bench.tell(Event::Arrived(1, 5)), [Stop(1, 1), Close(1, 1000)]);
    }
}

#[test]
fn attempts_are_counted_where_a_number_is_set() {
    let mut bench = Bench::new(countersign::link::Policy { attempts: Some(2), ..OURS });
    bench.tell(live(1));
    for id in 1..3 {
        assert_eq!(bench.tell(Event::Closed(id, Passing)), []);
        pause(&mut bench);
    }
    assert_eq!(bench.tell(Event::Closed(3, Passing)), [Finish(1, End::Error)]);
}
