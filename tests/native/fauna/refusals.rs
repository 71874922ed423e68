//! What the server says no to, and what is made of it.

use crate::bench::{Bench, FEED, NO_TIMER, QUERY, STREAM, wait, wake};
use countersign::backends::fauna::stream::Effect::{self, Abort, Connect, End, Open, Resync, Source};
use countersign::backends::fauna::stream::{Cause, Event, Policy};
use countersign::core::time::DurationMs;

fn retried(id: u32, ms: i64, cause: Cause) -> [Effect; 2] {
    [Abort(id), wait(ms, cause)]
}

/// Open as number 2, from a query's source.
fn queried() -> Bench {
    let mut bench = Bench::connecting(QUERY);
    bench.tell(Event::Sourced(1));
    bench.tell(Event::Heard(2));
    bench
}

#[test]
fn after_a_long_life_permission_loss_is_the_end_of_a_token_and_nothing_more() {
    let mut bench = Bench::open(STREAM);
    for id in 1..50 {
        assert_eq!(bench.after(60_000, Event::Refused(id, "permission_loss", 0))[..2], [Abort(id), Connect(id + 1, Cause::PermissionLoss)]);
        assert_eq!(bench.tell(Event::Heard(id + 1))[0], Open);
    }
}

#[test]
fn rights_that_are_gone_for_good_are_believed_the_third_time() {
    let mut bench = Bench::open(STREAM);
    for (id, pause) in [(1, 500), (2, 1_000)] {
        assert_eq!(bench.tell(Event::Refused(id, "permission_loss", 0))[..2], retried(id, pause, Cause::PermissionLoss));
        bench.after(pause, Event::Tick);
        bench.tell(Event::Heard(id + 1));
    }
    assert_eq!(bench.tell(Event::Refused(3, "permission_loss", 0)), [Abort(3), NO_TIMER, End]);
}

#[test]
fn a_connection_that_lasted_in_between_begins_the_count_anew() {
    for by in [Event::Renewed, Event::Ended(3), Event::Woken, Event::Refused(3, "permission_loss", 0)] {
        let mut bench = Bench::open(STREAM);
        for id in [1, 2] {
            bench.tell(Event::Refused(id, "permission_loss", 0));
            bench.after(20_000, Event::Tick);
            bench.tell(Event::Heard(id + 1));
        }
        bench.after(60_000, by);
        bench.after(500, Event::Tick);
        bench.tell(Event::Heard(4));
        assert_eq!(bench.tell(Event::Refused(4, "permission_loss", 0))[..2], retried(4, 500, Cause::PermissionLoss), "{by:?}");
    }
}

#[test]
fn a_drop_in_between_does_not() {
    let mut bench = Bench::open(STREAM);
    for id in [1, 3] {
        bench.tell(Event::Refused(id, "permission_loss", 0));
        bench.after(20_000, Event::Tick);
        bench.tell(Event::Heard(id + 1));
        bench.tell(Event::Dropped(id + 1));
        bench.after(20_000, Event::Tick);
    }
    assert_eq!(bench.tell(Event::Refused(5, "permission_loss", 0)), [Abort(5), NO_TIMER, End]);
}

#[test]
fn a_token_that_was_never_taken_ends_it_at_once() {
    assert_eq!(Bench::connecting(STREAM).tell(Event::Refused(1, "unauthorized", 401)), [Abort(1), NO_TIMER, End]);
    assert_eq!(Bench::connecting(QUERY).tell(Event::Refused(1, "unauthorized", 401)), [Abort(1), NO_TIMER, End], "of the query");
}

#[test]
fn one_that_was_taken_before_has_two_more_chances() {
    for (mut bench, id) in [(Bench::open(STREAM), 1), (queried(), 2)] {
        bench.tell(Event::Dropped(id));
        bench.after(20_000, Event::Tick);
        assert_eq!(bench.tell(Event::Refused(id + 1, "unauthorized", 401))[..2], retried(id + 1, 1_000, Cause::Refused));
        bench.after(20_000, Event::Tick);
        assert_eq!(bench.tell(Event::Refused(id + 2, "unauthorized", 401))[..2], retried(id + 2, 2_000, Cause::Refused));
        bench.after(20_000, Event::Tick);
        assert_eq!(bench.tell(Event::Refused(id + 3, "unauthorized", 401)), [Abort(id + 3), NO_TIMER, End]);
    }
}

#[test]
fn too_far_behind_the_source_is_made_anew_and_the_consumer_told_when_there_is_one() {
    for code in ["stream_replay_volume_exceeded", "invalid_stream_start_time"] {
        let mut bench = queried();
        // Whoever read now, before the new source began, would miss what happens in between.
        assert_eq!(bench.after(5_000, Event::Refused(2, code, 0)), [Abort(2), Source(3)], "{code}");
        assert_eq!(bench.tell(Event::Dropped(3))[..2], retried(3, 500, Cause::Dropped));
        assert_eq!(bench.after(500, Event::Tick)[0], Source(4));
        assert_eq!(bench.tell(Event::Sourced(4))[..2], [Resync, Connect(5, Cause::None)]);
        bench.tell(Event::Heard(5));
        bench.after(60_000, Event::Dropped(5));
        assert_eq!(bench.after(500, Event::Tick)[0], Connect(6, Cause::None), "told once");
    }
}

#[test]
fn also_when_nothing_was_heard_of_the_first_source() {
    let mut bench = Bench::connecting(QUERY);
    bench.tell(Event::Sourced(1));
    assert_eq!(bench.tell(Event::Refused(2, "invalid_stream_start_time", 0))[..2], retried(2, 500, Cause::Resync));
    bench.after(500, Event::Tick);
    assert_eq!(bench.tell(Event::Sourced(3))[..2], [Resync, Connect(4, Cause::None)]);
}

#[test]
fn a_source_that_is_always_too_far_behind_is_made_twice_more() {
    let mut bench = queried();
    for (id, pause) in [(2, 500), (4, 1_000)] {
        assert_eq!(bench.tell(Event::Refused(id, "stream_replay_volume_exceeded", 0))[..2], retried(id, pause, Cause::Resync));
        assert_eq!(bench.after(pause, Event::Tick)[0], Source(id + 1));
        assert_eq!(bench.tell(Event::Sourced(id + 1))[..2], [Resync, Connect(id + 2, Cause::None)]);
        bench.tell(Event::Heard(id + 2));
    }
    assert_eq!(bench.tell(Event::Refused(6, "stream_replay_volume_exceeded", 0)), [Abort(6), NO_TIMER, End]);
}

#[test]
fn without_a_query_too_far_behind_is_the_end() {
    for code in ["stream_replay_volume_exceeded", "invalid_stream_start_time"] {
        let mut bench = Bench::open(STREAM);
        assert_eq!(bench.after(60_000, Event::Refused(1, code, 0)), [Abort(1), NO_TIMER, End], "{code}");
    }
}

#[test]
fn what_passes_by_itself_is_tried_again_and_everything_else_is_the_end() {
    for (code, status) in [
        ("stream_overflow", 0),
        ("internal_error", 0),
        ("internal_error", 500),
        ("limit_exceeded", 0),
        ("limit_exceeded", 429),
        ("limit_exceeded", 400),
        ("time_out", 440),
        ("time_out", 503),
        ("time_out", 0),
        ("bad_gateway", 502),
        ("gateway_timeout", 504),
        ("", 500),
        ("", 503),
        ("", 599),
        ("", 429),
        ("who_knows", 503),
    ] {
        for (mut bench, cause) in [(Bench::open(STREAM), "open"), (Bench::connecting(STREAM), "connecting"), (Bench::connecting(QUERY), "query")] {
            assert_eq!(bench.tell(Event::Refused(1, code, status))[..2], retried(1, 500, Cause::Refused), "{code} {status} {cause}");
        }
    }
    for (code, status) in [
        ("", 0),
        ("", 400),
        ("", 404),
        ("", 428),
        ("", 430),
        ("", 499),
        ("invalid_request", 400),
        ("invalid_query", 400),
        ("forbidden", 403),
        ("permission_denied", 400),
        ("permission_denied", 0),
        ("contended_transaction", 409),
        ("abort", 0),
        ("type_mismatch", 0),
        ("who_knows", 0),
    ] {
        for mut bench in [Bench::open(STREAM), Bench::connecting(STREAM), Bench::connecting(QUERY)] {
            assert_eq!(bench.after(60_000, Event::Refused(1, code, status)), [Abort(1), NO_TIMER, End], "{code} {status}");
        }
    }
}

#[test]
fn a_busy_server_is_left_alone_longer_each_time_and_no_longer_than_allowed() {
    let mut bench = Bench::open(Policy { max_backoff: DurationMs(1_500), ..STREAM });
    for (id, pause) in [(1, 500), (2, 1_000), (3, 1_500), (4, 1_500)] {
        assert_eq!(bench.tell(Event::Refused(id, "", 503))[..2], retried(id, pause, Cause::Refused));
        assert_eq!(bench.after(pause, Event::Tick)[0], Connect(id + 1, Cause::None));
    }
}

#[test]
fn who_answers_and_is_not_fauna_is_a_wrong_endpoint_at_first_and_a_portal_later() {
    for mut bench in [Bench::connecting(STREAM), Bench::connecting(QUERY)] {
        assert_eq!(bench.tell(Event::Garbled(1)), [Abort(1), NO_TIMER, End]);
    }
    let mut bench = Bench::open(STREAM);
    assert_eq!(bench.tell(Event::Garbled(1))[..2], retried(1, 500, Cause::Dropped));
    bench.after(500, Event::Tick);
    assert_eq!(bench.tell(Event::Garbled(2))[..2], retried(2, 1_000, Cause::Dropped));
}

#[test]
fn a_feed_has_the_same_patience_and_one_page_restores_it() {
    for (code, status, cause) in [("permission_loss", 0, Cause::PermissionLoss), ("unauthorized", 401, Cause::Refused)] {
        let mut bench = Bench::connecting(FEED);
        bench.tell(Event::Page(1, true));
        for (id, pause) in [(2, 500), (3, 1_000)] {
            assert_eq!(bench.tell(Event::Refused(id, code, status))[..2], retried(id, pause, cause));
            assert_eq!(bench.after(pause, Event::Tick), [Connect(id + 1, Cause::None)]);
        }
        let mut other = Bench::connecting(FEED);
        other.tell(Event::Page(1, true));
        for id in [2, 3] {
            other.tell(Event::Refused(id, code, status));
            other.after(20_000, Event::Tick);
        }
        assert_eq!(bench.tell(Event::Refused(4, code, status)), [Abort(4), NO_TIMER, End]);
        assert_eq!(other.tell(Event::Page(4, true)), [Open, Connect(5, Cause::None)]);
        assert_eq!(other.tell(Event::Refused(5, code, status))[..2], retried(5, 500, cause));
    }
}

#[test]
fn a_feed_too_far_behind_begins_anew_too() {
    let mut bench = Bench::connecting(Policy { query: true, ..FEED });
    bench.tell(Event::Sourced(1));
    bench.tell(Event::Page(2, true));
    assert_eq!(
        bench.tell(Event::Refused(3, "invalid_stream_start_time", 400)),
        [Abort(3), wait(500, Cause::Resync), wake(500)]
    );
    assert_eq!(bench.after(500, Event::Tick), [Source(4)]);
    assert_eq!(bench.tell(Event::Sourced(4)), [Resync, Connect(5, Cause::None)]);
}
