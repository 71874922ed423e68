//! The same over pages.

use crate::bench::{Bench, FEED, NO_TIMER, STREAM, wait, wake};
use countersign::backends::fauna::stream::Effect::{Abort, Connect, End, Open};
use countersign::backends::fauna::stream::{Cause, Event, Policy, Via};
use countersign::core::time::DurationMs;

/// Caught up, and the next page in ten seconds.
fn waiting() -> Bench {
    let mut bench = Bench::connecting(FEED);
    assert_eq!(bench.tell(Event::Page(1, false)), [Open, wake(10_000)]);
    bench
}

#[test]
fn a_request_has_a_time_limit_of_its_own() {
    let mut bench = Bench::new(FEED);
    assert_eq!(bench.tell(Event::Start), [Connect(1, Cause::None)]);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
}

#[test]
fn more_is_fetched_at_once_and_the_next_page_in_its_time() {
    let mut bench = Bench::connecting(FEED);
    assert_eq!(bench.tell(Event::Page(1, true)), [Open, Connect(2, Cause::None)]);
    assert_eq!(bench.tell(Event::Page(2, true)), [Connect(3, Cause::None)], "said once that it works");
    assert_eq!(bench.tell(Event::Page(3, false)), [wake(10_000)]);
    assert_eq!(bench.tell(Event::Page(3, true)), [], "answered already");
    assert_eq!(bench.after(9_999, Event::Tick), [wake(1)]);
    assert_eq!(bench.after(1, Event::Tick), [Connect(4, Cause::None)]);
}

#[test]
fn who_hardly_ever_polls_does_not_poll_all_the_time() {
    let mut bench = Bench::connecting(Policy { via: Via::Feed(DurationMs(i64::MAX)), ..FEED });
    assert_eq!(bench.tell(Event::Page(1, false)), [Open, wake(i64::from(i32::MAX))]);
    assert_eq!(bench.tell(Event::Tick), [wake(i64::from(i32::MAX))]);
}

#[test]
fn failures_are_tried_again_and_the_next_page_says_that_it_works_again() {
    let mut bench = waiting();
    bench.after(10_000, Event::Tick);
    assert_eq!(bench.tell(Event::Dropped(2)), [Abort(2), wait(500, Cause::Dropped), wake(500)]);
    assert_eq!(bench.after(500, Event::Tick), [Connect(3, Cause::None)]);
    assert_eq!(bench.tell(Event::Refused(3, "limit_exceeded", 429))[1], wait(1_000, Cause::Refused));
    bench.after(1_000, Event::Tick);
    assert_eq!(bench.tell(Event::Page(4, false)), [Open, wake(10_000)]);
    bench.after(10_000, Event::Tick);
    assert_eq!(bench.tell(Event::Dropped(5))[1], wait(500, Cause::Dropped), "and forgives them");
}

#[test]
fn the_first_page_counts_as_a_success() {
    let limited = Policy { first_attempts: 1, attempts: Some(2), ..FEED };
    assert_eq!(Bench::connecting(limited).tell(Event::Dropped(1)), [Abort(1), NO_TIMER, End]);
    let mut bench = Bench::connecting(limited);
    bench.tell(Event::Page(1, true));
    assert_eq!(bench.tell(Event::Dropped(2))[0], Abort(2));
    bench.after(500, Event::Tick);
    assert_eq!(bench.tell(Event::Dropped(3)), [Abort(3), NO_TIMER, End]);
}

#[test]
fn nobody_polls_for_a_page_that_nobody_sees() {
    let mut bench = waiting();
    assert_eq!(bench.tell(Event::Seen(false)), []);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
    assert_eq!(bench.tell(Event::Woken), [], "woken and still not seen");
    assert_eq!(bench.tell(Event::Seen(true)), [Connect(2, Cause::Woken)]);
    assert_eq!(bench.tell(Event::Seen(true)), []);
    assert_eq!(bench.tell(Event::Page(2, false)), [wake(10_000)]);
    assert_eq!(bench.tell(Event::Seen(true)), [], "it was seen all the time");
}

#[test]
fn hidden_in_the_middle_it_fetches_what_there_is_and_then_rests() {
    let mut bench = Bench::connecting(FEED);
    bench.tell(Event::Seen(false));
    assert_eq!(bench.tell(Event::Page(1, true)), [Open, Connect(2, Cause::None)]);
    assert_eq!(bench.tell(Event::Page(2, false)), []);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
    assert_eq!(bench.tell(Event::Seen(true)), [Connect(3, Cause::Woken)]);
}

#[test]
fn a_failure_is_tried_again_also_where_nobody_sees_it() {
    let mut bench = waiting();
    bench.after(10_000, Event::Tick);
    bench.tell(Event::Dropped(2));
    assert_eq!(bench.tell(Event::Seen(false)), []);
    assert_eq!(bench.after(500, Event::Tick), [Connect(3, Cause::None)]);
    assert_eq!(bench.tell(Event::Page(3, false)), [Open]);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
}

#[test]
fn seen_again_during_a_pause_after_a_failure_it_keeps_the_pause() {
    let mut bench = waiting();
    bench.after(10_000, Event::Tick);
    bench.tell(Event::Dropped(2));
    bench.tell(Event::Seen(false));
    assert_eq!(bench.tell(Event::Seen(true)), []);
    assert_eq!(bench.after(500, Event::Tick), [Connect(3, Cause::None)]);
}

#[test]
fn a_consumer_that_has_enough_gets_no_further_page_and_then_one_at_once() {
    let mut bench = Bench::connecting(FEED);
    bench.tell(Event::Held(true));
    assert_eq!(bench.tell(Event::Page(1, true)), [Open]);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
    assert_eq!(bench.tell(Event::Woken), []);
    assert_eq!(bench.tell(Event::Seen(false)), []);
    assert_eq!(bench.tell(Event::Seen(true)), [], "seen, and still held");
    assert_eq!(bench.tell(Event::Held(false)), [Connect(2, Cause::None)]);
}

#[test]
fn held_and_let_go_while_it_asks_nothing_changes() {
    let mut bench = Bench::connecting(FEED);
    assert_eq!(bench.tell(Event::Held(true)), []);
    assert_eq!(bench.tell(Event::Held(false)), []);
    assert_eq!(bench.after(3_600_000, Event::Tick), []);
}

#[test]
fn let_go_during_a_pause_after_a_failure_it_keeps_the_pause() {
    let mut bench = waiting();
    bench.after(10_000, Event::Tick);
    bench.tell(Event::Dropped(2));
    assert_eq!(bench.tell(Event::Held(true)), []);
    assert_eq!(bench.tell(Event::Held(false)), []);
    assert_eq!(bench.after(500, Event::Tick), [Connect(3, Cause::None)]);
}

#[test]
fn both_held_and_hidden_it_rests_until_neither() {
    for held_first in [true, false] {
        let mut bench = Bench::connecting(FEED);
        bench.tell(Event::Held(true));
        bench.tell(Event::Seen(false));
        bench.tell(Event::Page(1, true));
        let (first, last) = if held_first { (Event::Held(false), Event::Seen(true)) } else { (Event::Seen(true), Event::Held(false)) };
        assert_eq!(bench.tell(first), []);
        assert_eq!(bench.after(3_600_000, Event::Tick), []);
        assert_eq!(bench.tell(last)[0], Connect(2, if held_first { Cause::Woken } else { Cause::None }));
    }
}

#[test]
fn woken_it_polls_at_once() {
    let mut bench = waiting();
    assert_eq!(bench.tell(Event::Woken), [Connect(2, Cause::Woken)]);
    assert_eq!(bench.tell(Event::Woken), []);
}

#[test]
fn a_token_is_fresh_for_every_page_so_a_fresher_one_changes_nothing() {
    let mut bench = Bench::connecting(FEED);
    assert_eq!(bench.tell(Event::Renewed), []);
    assert_eq!(bench.tell(Event::Page(1, true)), [Open, Connect(2, Cause::None)]);
    assert_eq!(bench.tell(Event::Page(2, false)), [wake(10_000)]);
    assert_eq!(bench.tell(Event::Renewed), []);
}

#[test]
fn a_stream_has_no_pages() {
    assert_eq!(Bench::open(STREAM).tell(Event::Page(1, true)), []);
}

#[test]
fn closed_it_asks_for_nothing() {
    let mut bench = waiting();
    assert_eq!(bench.tell(Event::Close), [NO_TIMER]);
    assert_eq!(bench.after(10_000, Event::Tick), []);
    assert_eq!(bench.tell(Event::Seen(false)), []);
    assert_eq!(bench.tell(Event::Seen(true)), []);
    let mut bench = Bench::connecting(FEED);
    assert_eq!(bench.tell(Event::Close), [Abort(1), NO_TIMER]);
    assert_eq!(bench.tell(Event::Page(1, true)), []);
}
