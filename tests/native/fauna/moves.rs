//! What makes a connection move or be given up: a fresher token, silence, sleep, a consumer that has enough.

use crate::bench::{Bench, QUERY, STREAM, wait, wake};
use countersign::backends::fauna::stream::Effect::{Abort, Connect, Open};
use countersign::backends::fauna::stream::{Cause, Event};

#[test]
fn a_fresher_token_moves_a_connection_that_works() {
    let mut bench = Bench::open(STREAM);
    assert_eq!(bench.after(5_000, Event::Renewed), [Abort(1), Connect(2, Cause::Renewed)]);
    assert_eq!(bench.tell(Event::Heard(1)), []);
    assert_eq!(bench.tell(Event::Heard(2)), [Open]);
}

#[test]
fn a_connection_that_just_opened_is_moved_a_little_later_and_only_once() {
    let mut bench = Bench::open(STREAM);
    assert_eq!(bench.after(4_000, Event::Renewed), [wake(1_000)], "five seconds from its beginning: a token may live hardly longer");
    assert_eq!(bench.after(900, Event::Renewed), []);
    assert_eq!(bench.after(50, Event::Heard(1)), [], "an event does not put it off");
    assert_eq!(bench.after(50, Event::Tick), [Abort(1), Connect(2, Cause::Renewed), wake(45_000)]);
    bench.tell(Event::Heard(2));
    assert_eq!(bench.after(45_000, Event::Tick), [wake(285_000)], "the new one has the fresh token");
}

#[test]
fn a_fresher_token_does_not_break_off_one_that_connects_but_moves_it_once_it_works() {
    let mut bench = Bench::connecting(STREAM);
    assert_eq!(bench.after(1_000, Event::Renewed), []);
    assert_eq!(bench.after(1_000, Event::Heard(1)), [Open, wake(5_000)]);
    assert_eq!(bench.after(5_000, Event::Tick), [Abort(1), Connect(2, Cause::Renewed), wake(45_000)]);
    assert_eq!(bench.tell(Event::Heard(2)), [Open], "and not again");
}

#[test]
fn one_that_failed_to_connect_takes_the_fresher_token_by_itself() {
    let mut bench = Bench::connecting(STREAM);
    bench.tell(Event::Renewed);
    bench.tell(Event::Dropped(1));
    bench.after(500, Event::Tick);
    assert_eq!(bench.tell(Event::Heard(2)), [Open]);
}

#[test]
fn a_fresher_token_changes_nothing_while_it_waits_or_makes_its_source() {
    let mut bench = Bench::connecting(QUERY);
    assert_eq!(bench.tell(Event::Renewed), []);
    bench.tell(Event::Sourced(1));
    assert_eq!(bench.tell(Event::Heard(2)), [Open], "the connection took it");
    bench.tell(Event::Dropped(2));
    assert_eq!(bench.tell(Event::Renewed), []);
}

#[test]
fn what_the_consumer_has_not_read_yet_is_not_thrown_away_for_a_fresher_token() {
    let mut bench = Bench::open(STREAM);
    bench.now += 60_000;
    assert_eq!(bench.tell(Event::Held(true)), []);
    assert_eq!(bench.tell(Event::Renewed), []);
    assert_eq!(bench.tell(Event::Held(false)), []);
    assert_eq!(bench.after(60_000, Event::Refused(1, "permission_loss", 0))[..2], [Abort(1), Connect(2, Cause::PermissionLoss)]);
}

#[test]
fn nobody_is_given_up_for_silence_while_nobody_reads() {
    let mut bench = Bench::open(STREAM);
    bench.tell(Event::Held(true));
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
    assert_eq!(bench.tell(Event::Held(true)), []);

    // An hour without a word: if it lives, its signs of life wait to be read.
    assert_eq!(bench.tell(Event::Held(false)), [wake(45_000)]);
    assert_eq!(bench.after(45_000, Event::Tick), [Abort(1), wait(500, Cause::Silent), wake(500)]);
}

#[test]
fn a_short_hold_does_not_put_the_watchdog_off() {
    let mut bench = Bench::open(STREAM);
    bench.after(45_000, Event::Tick);
    bench.after(55_000, Event::Held(true));
    bench.after(100_000, Event::Held(false));
    assert_eq!(bench.after(130_000, Event::Tick), [Abort(1), wait(500, Cause::Silent), wake(500)]);
}

#[test]
fn a_hold_that_slept_is_measured_by_the_clock_that_did_not() {
    let mut bench = Bench::open(STREAM);
    bench.after(45_000, Event::Tick);
    bench.tell(Event::Held(true));
    bench.wall += 600_000;
    assert_eq!(bench.tell(Event::Held(false)), [wake(45_000)]);
}

#[test]
fn it_connects_for_a_consumer_that_has_enough_but_does_not_wait_for_an_answer_nobody_reads() {
    let mut bench = Bench::open(STREAM);
    bench.tell(Event::Dropped(1));
    bench.tell(Event::Held(true));
    assert_eq!(bench.after(500, Event::Tick), [Connect(2, Cause::None)]);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
    assert_eq!(bench.tell(Event::Held(false)), [wake(45_000)]);
    assert_eq!(bench.tell(Event::Held(true)), []);
    assert_eq!(bench.after(45_000, Event::Tick), [], "held again before the answer was read");
}

#[test]
fn a_consumer_that_says_again_what_is_known_puts_nothing_off() {
    let mut bench = Bench::connecting(STREAM);
    assert_eq!(bench.after(44_000, Event::Held(false)), []);
    assert_eq!(bench.after(1_000, Event::Tick), [Abort(1), wait(500, Cause::Silent), wake(500)]);
}

#[test]
fn what_comes_in_while_nobody_reads_sets_no_watchdog() {
    let mut bench = Bench::connecting(STREAM);
    bench.tell(Event::Held(true));
    assert_eq!(bench.tell(Event::Heard(1)), [Open]);
    assert_eq!(bench.after(1_000_000, Event::Tick), []);
}

#[test]
fn back_from_sleep_a_quiet_connection_is_made_anew_and_a_lively_one_is_left() {
    for (mono, wall, anew) in [(29_999, 0, false), (30_000, 0, true), (10, 29_989, false), (10, 29_990, true), (30_000, -1_000_000, true)] {
        let mut bench = Bench::open(STREAM);
        bench.now += mono;
        bench.wall += wall;
        let effects = bench.tell(Event::Woken);
        assert_eq!(effects.first() == Some(&Abort(1)), anew, "{mono} {wall}");
        assert_eq!(effects.contains(&Connect(2, Cause::Woken)), anew, "{mono} {wall}");
    }
}

#[test]
fn woken_it_does_not_wait_for_the_rest_of_its_pause() {
    let mut bench = Bench::open(STREAM);
    bench.random = 0.999;
    bench.tell(Event::Dropped(1));
    assert_eq!(bench.tell(Event::Woken), [Connect(2, Cause::Woken)]);
    assert_eq!(bench.tell(Event::Woken), [], "it is connecting");
    assert_eq!(bench.after(999, Event::Tick), [wake(44_001)], "the timer of the pause");
    assert_eq!(bench.tell(Event::Dropped(2))[1], wait(1_998, Cause::Dropped), "which is not a success");
}

#[test]
fn woken_it_leaves_alone_what_nobody_reads_and_what_it_is_making() {
    let mut bench = Bench::open(STREAM);
    bench.tell(Event::Held(true));
    assert_eq!(bench.after(3_600_000, Event::Woken), []);
    let mut bench = Bench::connecting(QUERY);
    assert_eq!(bench.after(3_600_000, Event::Woken), []);
}

#[test]
fn whether_the_page_is_seen_is_nothing_to_a_stream() {
    let mut bench = Bench::open(STREAM);
    assert_eq!(bench.tell(Event::Seen(false)), []);
    bench.tell(Event::Dropped(1));
    assert_eq!(bench.tell(Event::Seen(false)), []);
    assert_eq!(bench.tell(Event::Seen(true)), []);
    assert_eq!(bench.after(500, Event::Tick)[0], Connect(2, Cause::None));
}
