//! One socket makes way for the next: what is sent where, whose results count, and when the old one is closed.

use crate::bench::{Bench, LIFE, OURS, live, once, passing};
use countersign::link::Effect::{Close, Finish, Open, Send, Stop, Take};
use countersign::link::{self, Cause, End, Event};
use countersign::core::time::DurationMs;

#[test]
fn it_connects_when_something_is_wanted_and_sends_when_it_is_acknowledged() {
    let mut bench = Bench::new(OURS);
    assert_eq!(bench.tell(Event::Woken), []);
    assert_eq!(bench.tell(live(1)), [Open(1, Cause::First)]);
    assert_eq!(bench.tell(once(2)), []);
    assert_eq!(bench.tell(Event::Opened(1)), []);
    assert_eq!(bench.tell(Event::Acked(1, LIFE)), [Send(1, 1), Send(2, 1)]);
    assert_eq!(bench.tell(Event::Acked(1, LIFE)), [], "Hasura acknowledges a second time when it is asked to");
    assert_eq!(bench.tell(live(3)), [Send(3, 1)]);
}

#[test]
fn a_subscription_is_on_both_sockets_until_it_has_caught_up() {
    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.tell(live(2)), [Send(2, 1)]);
    assert_eq!(bench.rotate(1), [Send(1, 2), Send(2, 2)]);
    assert_eq!(bench.tell(Event::Arrived(1, 1)), [], "the old one still counts");
    assert_eq!(bench.tell(Event::Arrived(2, 2)), [Stop(2, 1)]);
    assert_eq!(bench.tell(Event::Arrived(2, 2)), []);
    assert_eq!(bench.tell(Event::Arrived(2, 1)), [], "a late one from the old socket");
    assert_eq!(bench.tell(Event::Arrived(1, 2)), [Stop(1, 1), Close(1, 1000)], "nothing is left on it");
    bench.hear(2, 30_000);
}

#[test]
fn tabs_do_not_all_rotate_at_once_and_a_short_life_leaves_no_room_for_that() {
    for (left, random, delay) in [(12_000, 0.0, 0), (12_000, 0.999, 1_998), (4_000, 0.999, 999), (4_000, 0.0, 0), (0, 0.999, 0), (-5_000, 0.999, 0)] {
        let mut bench = Bench::ready(OURS);
        bench.hear(1, 60_000 - left);
        bench.random = random;
        let mut opened: Vec<_> = bench.tell(Event::Renewed(1)).into_iter().map(|effect| (0, effect)).collect();
        opened.extend(bench.pass(2_000));
        assert_eq!(opened, [(delay, Open(2, Cause::Rotation))], "{left} {random}");
    }
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.acked_for(1, None);
    bench.random = 0.999;
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(2_000), [(499, Open(2, Cause::Rotation))], "nobody knows how long the present one lives");
}

#[test]
fn a_better_token_that_is_told_of_again_is_one_rotation() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(500), []);
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(500), [(500, Open(2, Cause::Rotation))], "and the first one is not put off");
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(3_000), []);
    bench.acked(2);
    bench.tell(Event::Arrived(1, 2));
    bench.tell(Event::Renewed(1));
    bench.hear(2, 10_000);
}

#[test]
fn a_better_token_that_came_while_it_connected_is_taken_a_second_later() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.acked(1), [Send(1, 1)]);
    bench.tell(Event::Arrived(1, 1));
    assert_eq!(bench.pass(5_000), [(1_000, Open(2, Cause::Rotation))]);
    bench.acked(2);
    bench.tell(Event::Arrived(1, 2));
    bench.hear(2, 10_000);
}

#[test]
fn who_does_not_catch_up_in_five_seconds_is_taken_over() {
    let mut bench = Bench::rotating(OURS);
    bench.tell(live(2));
    assert_eq!(bench.pass(4_999), []);
    assert_eq!(bench.pass(1), [(1, Take(1, 2)), (1, Stop(1, 1)), (1, Close(1, 1000))]);
    assert_eq!(bench.pass(9_000), []);
}

#[test]
fn who_has_not_caught_up_is_taken_over_when_the_old_socket_is_cut() {
    let mut bench = Bench::rotating(OURS);
    assert_eq!(bench.tell(passing(1)), [Take(1, 2)]);
    assert_eq!(bench.tell(passing(1)), [], "told twice");
    bench.hear(2, 20_000);
}

#[test]
fn a_new_socket_that_dies_leaves_the_old_one_at_work_and_another_is_tried() {
    let mut bench = Bench::rotating(OURS);
    assert_eq!(bench.tell(passing(2)), []);
    assert_eq!(bench.pass(1_000), [(500, Open(3, Cause::Retry))]);
    assert_eq!(bench.tell(Event::Arrived(1, 1)), []);
    assert_eq!(bench.acked(3), [Send(1, 3)]);
    assert_eq!(bench.tell(Event::Arrived(1, 3)), [Stop(1, 1), Close(1, 1000)]);
}

#[test]
fn an_old_socket_that_dies_before_the_new_one_is_acknowledged_leaves_it_the_work() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(1_000), [(1_000, Open(2, Cause::Rotation))]);
    assert_eq!(bench.tell(passing(1)), [], "one is on the way");
    assert_eq!(bench.pass(5_000), []);
    assert_eq!(bench.acked(2), [Send(1, 2)]);
    bench.hear(2, 20_000);
}

#[test]
fn a_rotation_that_is_still_under_way_ends_when_the_next_socket_is_acknowledged() {
    let mut bench = Bench::rotating(OURS);
    bench.tell(Event::Renewed(2));
    assert_eq!(bench.pass(1_000), [(1_000, Open(3, Cause::Rotation))]);
    assert_eq!(bench.acked(3), [Take(1, 2), Stop(1, 1), Send(1, 3), Close(1, 1000)]);
    assert_eq!(bench.tell(Event::Arrived(1, 2)), [], "that is where it is");
    assert_eq!(bench.tell(Event::Arrived(1, 3)), [Stop(1, 2), Close(2, 1000)]);
}

#[test]
fn a_query_is_answered_where_it_was_asked_and_keeps_its_socket_open() {
    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.tell(once(2)), [Send(2, 1)]);
    assert_eq!(bench.rotate(1), [Send(1, 2)]);
    assert_eq!(bench.tell(Event::Arrived(1, 2)), [Stop(1, 1)]);
    assert_eq!(bench.tell(once(3)), [Send(3, 2)], "a new one goes to the new socket");
    bench.tell(Event::Arrived(2, 1));
    assert_eq!(bench.tell(Event::Ended(2)), [Close(1, 1000)]);
    assert_eq!(bench.tell(Event::Ended(3)), []);
}

#[test]
fn nobody_knows_what_became_of_a_query_whose_socket_is_gone() {
    let mut bench = Bench::ready(OURS);
    bench.tell(once(2));
    bench.rotate(1);
    bench.tell(once(3));
    bench.tell(Event::Arrived(1, 2));
    assert_eq!(bench.tell(passing(1)), [Finish(2, End::Unknown)]);
    assert_eq!(bench.tell(Event::Ended(2)), [], "it is over");
    assert_eq!(bench.tell(passing(2)), [Finish(3, End::Unknown)]);
    bench.pass(1_000);
    assert_eq!(bench.acked(3), [Send(1, 3)], "and it is not sent again");
}

#[test]
fn a_query_that_was_not_sent_yet_waits_for_a_socket_that_works() {
    let mut bench = Bench::new(OURS);
    bench.tell(once(1));
    bench.tell(Event::Opened(1));
    assert_eq!(bench.tell(passing(1)), []);
    assert_eq!(bench.pass(1_000), [(500, Open(2, Cause::Retry))]);
    assert_eq!(bench.acked(2), [Send(1, 2)]);
}

#[test]
fn what_is_wanted_during_a_rotation_goes_where_the_work_is() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Renewed(1));
    bench.pass(1_000);
    assert_eq!(bench.tell(live(2)), [Send(2, 1)], "the new one is not ready");
    assert_eq!(bench.acked(2), [Send(1, 2), Send(2, 2)]);
    assert_eq!(bench.tell(live(3)), [Send(3, 2)]);
    assert_eq!(bench.tell(Event::Unsubscribe(3)), [Stop(3, 2)]);
}

#[test]
fn who_leaves_during_a_handover_is_stopped_on_both() {
    let mut bench = Bench::rotating(OURS);
    bench.tell(live(2));
    assert_eq!(bench.tell(Event::Unsubscribe(1)), [Stop(1, 1), Stop(1, 2), Close(1, 1000)]);
    assert_eq!(bench.tell(Event::Unsubscribe(1)), []);
    assert_eq!(bench.tell(Event::Arrived(1, 2)), []);
    assert_eq!(bench.pass(14_000), [], "nothing is left of the handover");

    let mut bench = Bench::rotating(OURS);
    bench.tell(live(2));
    assert_eq!(bench.tell(Event::Ended(1)), [Stop(1, 1), Stop(1, 2), Close(1, 1000)], "the server ended it on one of them");
    assert_eq!(bench.tell(Event::Ended(2)), [], "and this one on the only one");
}

#[test]
fn a_rotation_that_fails_leaves_the_present_socket_at_work() {
    use link::Close::{Doubtful, Fatal, Normal, Passing, Refused};
    for event in [
        Event::Lost(2),
        Event::Failed(2),
        Event::Closed(2, Passing),
        Event::Closed(2, Normal),
        Event::Closed(2, Fatal),
        Event::Closed(2, Doubtful),
        Event::Closed(2, Refused),
    ] {
        let mut bench = Bench::ready(OURS);
        bench.tell(once(2));
        bench.tell(Event::Renewed(1));
        bench.pass(1_000);
        bench.tell(Event::Opened(2));
        let mut next: Vec<_> = bench.tell(event).into_iter().map(|effect| (0, effect)).collect();
        next.extend(bench.pass(1_000));
        let opened = if matches!(event, Event::Closed(_, Refused)) { vec![(0, link::Effect::Reject(2)), (0, Open(3, Cause::Rotation))] } else { vec![(500, Open(3, Cause::Rotation))] };
        assert_eq!(next, opened, "{event:?}");
        assert_eq!(bench.tell(live(3)), [Send(3, 1)]);
        assert_eq!(bench.acked(3), [Send(1, 3), Send(3, 3)]);
    }
}

#[test]
fn however_often_a_rotation_fails_what_works_goes_on() {
    use link::Close::{Doubtful, Fatal, Refused};
    for close in [Fatal, Doubtful, Refused] {
        let mut bench = Bench::ready(link::Policy { idle: None, ..OURS });
        bench.tell(Event::Start);
        bench.tell(once(2));
        bench.tell(Event::Renewed(1));
        for id in 2..12 {
            // The first refusal is followed at once by another attempt.
            if close != Refused || id != 3 {
                let opened = (0..700).find_map(|_| {
                    bench.tell(Event::Heard(1));
                    bench.pass(100).pop()
                });
                assert_eq!(opened.map(|(_, effect)| effect), Some(Open(id, Cause::Rotation)), "{close:?} {id}");
            }
            for effect in bench.tell(Event::Closed(id, close)) {
                assert!(!matches!(effect, Finish(..) | Stop(..) | Close(..)), "{close:?} {id}: {effect:?}");
            }
            bench.tell(Event::Probed(link::Probe::Refused));
        }
        assert_eq!(bench.tell(Event::Unsubscribe(1)), [Stop(1, 1)]);
    }
}

#[test]
fn a_socket_that_nobody_uses_is_not_renewed() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Unsubscribe(1));
    assert_eq!(bench.tell(Event::Renewed(1)), [Close(1, 1000)], "although its three seconds are not over");
    assert_eq!(bench.pass(60_000), []);
    assert_eq!(bench.tell(live(2)), [Open(2, Cause::First)]);
}

#[test]
fn late_words_of_a_socket_that_is_gone_change_nothing() {
    let mut bench = Bench::rotating(OURS);
    bench.tell(Event::Arrived(1, 2));
    let close = link::Close::Fatal;
    for event in [
        Event::Opened(1),
        Event::Acked(1, LIFE),
        Event::Heard(1),
        Event::Arrived(1, 1),
        Event::Closed(1, close),
        Event::Lost(1),
        Event::Failed(1),
        Event::Renewed(1),
        Event::Probed(link::Probe::Refused),
        Event::Paused,
    ] {
        assert_eq!(bench.tell(event), [], "{event:?}");
        assert_eq!(bench.pass(10), [], "{event:?}");
    }
    assert_eq!(bench.pass(DurationMs::seconds(5).0), []);
}

#[test]
fn the_old_socket_is_closed_before_the_server_cuts_it() {
    // A token of ten seconds: two are left when the next one is there.
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.acked_for(1, Some(DurationMs::seconds(10)));
    bench.tell(Event::Arrived(1, 1));
    bench.hear_quietly(1, 8_000);
    bench.tell(Event::Renewed(1));
    assert_eq!(bench.pass(250), [(250, Open(2, Cause::Rotation))]);
    assert_eq!(bench.acked_for(2, Some(DurationMs::seconds(10))), [Send(1, 2)]);
    assert_eq!(bench.pass(1_311), []);
    assert_eq!(bench.pass(1), [(1, Take(1, 2)), (1, Stop(1, 1)), (1, Close(1, 1000))], "three quarters of what was left");
}

#[test]
fn an_outage_of_long_ago_does_not_make_a_rotation_wait() {
    let mut bench = Bench::new(OURS);
    bench.random = 1.0;
    bench.tell(live(1));
    for socket in 1..10 {
        bench.tell(passing(socket));
        bench.wait();
    }
    bench.acked(10);
    bench.hear(10, 30_000);
    bench.tell(Event::Renewed(10));
    bench.wait();
    bench.tell(passing(11));
    assert_eq!(bench.wait(), [(750, Open(12, Cause::Rotation))], "the longest of the first pauses, not of the last ones");
}

#[test]
fn what_the_next_socket_declines_goes_on_where_it_is() {
    // Five hundred subscriptions at once may be more than the database has connections for, just then.
    let mut bench = Bench::ready(OURS);
    bench.tell(live(2));
    bench.tell(Event::Arrived(2, 1));
    bench.rotate(1);
    assert_eq!(bench.tell(Event::Declined(1, 2)), []);
    assert_eq!(bench.tell(Event::Arrived(2, 2)), [Stop(2, 1)], "and the old socket stays for it");
    assert_eq!(bench.tell(Event::Arrived(1, 1)), []);
    bench.hear(2, 9_000);
    assert_eq!(bench.tell(passing(1)), [Send(1, 2)], "once more, when the old one is cut");
    assert_eq!(bench.tell(Event::Arrived(1, 2)), []);

    // It has its next chance on the socket after that.
    let mut bench = Bench::rotating(OURS);
    bench.tell(Event::Declined(1, 2));
    bench.tell(Event::Renewed(2));
    assert_eq!(bench.pass(2_000), [(1_000, Open(3, Cause::Rotation))]);
    assert_eq!(bench.acked(3), [Send(1, 3), Close(2, 1000)]);
    assert_eq!(bench.tell(Event::Arrived(1, 3)), [Stop(1, 1), Close(1, 1000)]);

    // Both are lost: it waits like all others. And who leaves, leaves the old one.
    let mut bench = Bench::rotating(OURS);
    bench.tell(Event::Declined(1, 2));
    assert_eq!(bench.tell(passing(2)), []);
    assert_eq!(bench.tell(passing(1)), []);
    bench.wait();
    assert_eq!(bench.acked(3), [Send(1, 3)]);
    let mut bench = Bench::rotating(OURS);
    bench.tell(Event::Declined(1, 2));
    assert_eq!(bench.tell(Event::Unsubscribe(1)), [Stop(1, 1), Close(1, 1000)]);

    // Only there: what the only socket of an operation says is its end.
    let mut bench = Bench::rotating(OURS);
    for declined in [Event::Declined(1, 1), Event::Declined(1, 7), Event::Declined(9, 2)] {
        assert_eq!(bench.tell(declined), []);
    }
    assert_eq!(bench.tell(Event::Arrived(1, 2)), [Stop(1, 1), Close(1, 1000)]);
}
