//! Its beginning, its pauses and its end.

use crate::bench::{Bench, NO_TIMER, QUERY, STREAM, wait, wake};
use countersign::backends::fauna::stream::Effect::{Abort, Connect, End, Open, Resync, Source};
use countersign::backends::fauna::stream::{Cause, Event, Policy};
use countersign::core::backoff::jitter;
use countersign::core::time::DurationMs;

#[test]
fn does_nothing_until_it_is_started_and_starts_once() {
    let mut bench = Bench::new(STREAM);
    for event in [Event::Renewed, Event::Woken, Event::Tick, Event::Seen(false), Event::Held(true), Event::Held(false), Event::Heard(0), Event::Dropped(0)] {
        assert_eq!(bench.tell(event), [], "{event:?}");
    }
    assert_eq!(bench.tell(Event::Start), [Connect(1, Cause::None), wake(45_000)]);
    assert_eq!(bench.tell(Event::Start), []);
}

#[test]
fn the_query_runs_first_and_without_a_timer_of_ours() {
    let mut bench = Bench::new(QUERY);
    assert_eq!(bench.tell(Event::Start), [Source(1)]);
    assert_eq!(bench.after(3_600_000, Event::Tick), [], "a query has a time limit of its own");
    assert_eq!(bench.tell(Event::Sourced(1)), [Connect(2, Cause::None), wake(45_000)]);
    assert_eq!(bench.tell(Event::Heard(1)), [], "the number of the query's run");
    assert_eq!(bench.tell(Event::Heard(2)), [Open]);
}

#[test]
fn a_source_that_was_made_is_not_made_again_when_the_connection_fails() {
    let mut bench = Bench::connecting(QUERY);
    assert_eq!(bench.tell(Event::Dropped(1)), [Abort(1), wait(500, Cause::Dropped), wake(500)], "the query could not run");
    assert_eq!(bench.after(500, Event::Tick), [Source(2)]);
    assert_eq!(bench.tell(Event::Ended(2)), [Abort(2), wait(1_000, Cause::Ended), wake(1_000)], "nor now");
    let mut bench = Bench::connecting(QUERY);
    bench.tell(Event::Sourced(1));
    assert_eq!(bench.tell(Event::Dropped(2)), [Abort(2), wait(500, Cause::Dropped), wake(500)]);
    assert_eq!(bench.after(500, Event::Tick), [Connect(3, Cause::None), wake(45_000)]);
}

#[test]
fn nothing_is_said_twice_about_a_connection_that_works() {
    let mut bench = Bench::open(STREAM);
    for _ in 0..5 {
        assert_eq!(bench.after(10, Event::Heard(1)), []);
    }
}

#[test]
fn jitter_is_anything_up_to_a_second_and_doubles_up_to_the_longest_pause() {
    let cap = DurationMs::seconds(20);
    for (failures, most) in [(0, 1_000), (1, 1_000), (2, 2_000), (3, 4_000), (5, 16_000), (6, 20_000), (200, 20_000), (u32::MAX, 20_000)] {
        assert_eq!(jitter(failures, cap, 0.0), DurationMs::ZERO);
        // Past the cap the pauses pile up at it, as the driver's do.
        let high = jitter(failures, cap, 0.999).0;
        assert!(high <= most && high >= most * 999 / 1000 - 1, "{failures}: {high}");
    }
    assert_eq!(jitter(6, cap, 0.5), DurationMs(16_000), "the cap is for the result");
    for random in [-1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(jitter(3, cap, random), DurationMs::ZERO);
    }
    for random in [1.0, 2.0, f64::INFINITY] {
        assert_eq!(jitter(3, cap, random), DurationMs(4_000));
    }
    assert_eq!(jitter(9, DurationMs(7), 0.999), DurationMs(7));
}

#[test]
fn pauses_grow_while_nothing_is_heard_and_the_first_event_resets_them() {
    let mut bench = Bench::open(STREAM);
    bench.random = 0.999;
    let mut id = 1;
    for longest in [999, 1_998, 3_996, 7_992, 15_984, 20_000, 20_000] {
        bench.now += 10_000;
        assert_eq!(bench.tell(Event::Dropped(id))[..2], [Abort(id), wait(longest, Cause::Dropped)]);
        id += 1;
        assert_eq!(bench.after(longest, Event::Tick)[0], Connect(id, Cause::None));
    }
    assert_eq!(bench.tell(Event::Heard(id)), [Open]);
    bench.now += 10_000;
    assert_eq!(bench.tell(Event::Dropped(id))[..2], [Abort(id), wait(999, Cause::Dropped)]);
}

#[test]
fn without_chance_it_connects_at_once() {
    let mut bench = Bench::open(STREAM);
    bench.random = 0.0;
    assert_eq!(bench.tell(Event::Dropped(1)), [Abort(1), wait(0, Cause::Dropped), wake(0)]);
    assert_eq!(bench.tell(Event::Tick), [Connect(2, Cause::None), wake(45_000)]);
}

#[test]
fn connections_that_end_at_once_are_made_less_and_less_often_until_one_lasts() {
    let mut bench = Bench::open(STREAM);
    for (id, pause) in [(1, 500), (2, 1_000), (3, 2_000), (4, 4_000)] {
        assert_eq!(bench.after(4_999, Event::Ended(id))[..2], [Abort(id), wait(pause, Cause::Ended)]);
        bench.after(pause, Event::Tick);
        assert_eq!(bench.tell(Event::Heard(id + 1))[0], Open);
    }
    assert_eq!(bench.after(5_000, Event::Ended(5))[..2], [Abort(5), wait(500, Cause::Ended)]);
}

#[test]
fn a_connection_that_lasted_is_remembered_however_it_ended() {
    for by in [Event::Renewed, Event::Refused(5, "permission_loss", 0), Event::Woken] {
        let mut bench = Bench::open(STREAM);
        for (id, pause) in [(1, 500), (2, 1_000), (3, 2_000), (4, 4_000)] {
            bench.tell(Event::Ended(id));
            bench.after(pause, Event::Tick);
            bench.tell(Event::Heard(id + 1));
        }
        assert_eq!(bench.after(60_000, by)[..1], [Abort(5)]);
        bench.tell(Event::Heard(6));
        assert_eq!(bench.tell(Event::Ended(6))[..2], [Abort(6), wait(500, Cause::Ended)], "{by:?}");
    }
}

#[test]
fn how_long_a_connection_lasted_is_told_by_the_clock_that_did_not_stand_still() {
    for (mono, wall) in [(0, 5_000), (5_000, -5_000), (5_000, -1_000_000)] {
        let mut bench = Bench::open(STREAM);
        (bench.now, bench.wall) = (bench.now + mono, bench.wall + wall);
        assert_eq!(bench.tell(Event::Refused(1, "permission_loss", 0))[..2], [Abort(1), Connect(2, Cause::PermissionLoss)], "{mono} {wall}");
    }
}

#[test]
fn before_the_first_success_it_gives_up_sooner() {
    for first_attempts in 1..4 {
        let mut bench = Bench::connecting(Policy { first_attempts, ..STREAM });
        for id in 1..first_attempts {
            assert_eq!(bench.tell(Event::Dropped(id))[0], Abort(id));
            bench.after(20_000, Event::Tick);
        }
        assert_eq!(bench.tell(Event::Dropped(first_attempts)), [Abort(first_attempts), NO_TIMER, End]);
    }
}

#[test]
fn after_it_the_attempts_are_counted_from_the_last_event() {
    let mut bench = Bench::open(Policy { attempts: Some(3), first_attempts: 1, ..STREAM });
    for id in [1, 2] {
        assert_eq!(bench.tell(Event::Dropped(id))[0], Abort(id));
        assert_eq!(bench.after(20_000, Event::Tick)[0], Connect(id + 1, Cause::None));
    }
    bench.tell(Event::Heard(3));
    for id in [3, 4] {
        bench.tell(Event::Dropped(id));
        assert_eq!(bench.after(20_000, Event::Tick)[0], Connect(id + 1, Cause::None));
    }
    assert_eq!(bench.tell(Event::Dropped(5)), [Abort(5), NO_TIMER, End]);
}

#[test]
fn without_a_limit_it_never_gives_up() {
    let mut bench = Bench::open(STREAM);
    for id in 1..10_000 {
        assert_eq!(bench.tell(Event::Dropped(id))[0], Abort(id));
        assert_eq!(bench.after(20_000, Event::Tick)[0], Connect(id + 1, Cause::None));
    }
}

#[test]
fn one_that_does_not_answer_is_given_up_after_its_time() {
    let mut bench = Bench::connecting(STREAM);
    assert_eq!(bench.after(44_999, Event::Tick), [wake(1)]);
    assert_eq!(bench.after(1, Event::Tick), [Abort(1), wait(500, Cause::Silent), wake(500)]);
}

#[test]
fn one_that_fell_silent_is_given_up_and_an_early_timer_is_set_again() {
    let mut bench = Bench::open(STREAM);
    assert_eq!(bench.after(45_000, Event::Tick), [wake(285_000)], "the timer was that of the connecting");
    assert_eq!(bench.after(100_000, Event::Heard(1)), []);
    assert_eq!(bench.after(185_000, Event::Tick), [wake(145_000)]);
    assert_eq!(bench.after(144_999, Event::Tick), [wake(1)]);
    assert_eq!(bench.after(2, Event::Tick), [Abort(1), wait(500, Cause::Silent), wake(500)]);
}

#[test]
fn a_timer_that_comes_late_or_twice_does_what_is_due_once() {
    let mut bench = Bench::open(STREAM);
    bench.tell(Event::Dropped(1));
    assert_eq!(bench.after(499, Event::Tick), [wake(1)], "early");
    assert_eq!(bench.after(3_600_000, Event::Tick), [Connect(2, Cause::None), wake(45_000)], "late");
    assert_eq!(bench.tell(Event::Tick), [wake(45_000)], "once more: nothing but the timer");
}

/// Everything that can be said about a connection.
fn said(id: u32) -> [Event<'static>; 8] {
    [
        Event::Sourced(id),
        Event::Heard(id),
        Event::Page(id, true),
        Event::Refused(id, "unauthorized", 401),
        Event::Garbled(id),
        Event::Ended(id),
        Event::Dropped(id),
        Event::Fatal(id),
    ]
}

#[test]
fn what_earlier_connections_say_is_not_heard() {
    let mut bench = Bench::open(STREAM);
    bench.after(60_000, Event::Renewed);
    for event in said(1) {
        assert_eq!(bench.tell(event), [], "{event:?} while connecting");
    }
    bench.tell(Event::Heard(2));
    for event in said(1) {
        assert_eq!(bench.tell(event), [], "{event:?} while open");
    }
    bench.tell(Event::Dropped(2));
    for event in said(2).into_iter().filter(|event| !matches!(event, Event::Fatal(_))) {
        assert_eq!(bench.tell(event), [], "{event:?} while waiting");
    }
    assert_eq!(bench.tell(Event::Fatal(2)), [NO_TIMER, End], "nobody is signed in any more: also while it waits");
}

#[test]
fn what_cannot_go_on_ends_it_in_every_phase() {
    for mut bench in [Bench::connecting(QUERY), Bench::connecting(STREAM), Bench::open(STREAM)] {
        assert_eq!(bench.tell(Event::Fatal(2)), []);
        assert_eq!(bench.tell(Event::Fatal(1)), [Abort(1), NO_TIMER, End]);
    }
}

#[test]
fn closed_it_breaks_off_what_runs_stops_its_timer_and_is_silent_for_ever() {
    let waiting = || {
        let mut bench = Bench::open(STREAM);
        bench.tell(Event::Dropped(1));
        bench
    };
    let held = || {
        let mut bench = Bench::open(STREAM);
        bench.tell(Event::Held(true));
        bench
    };
    for (name, mut bench, runs) in [
        ("idle", Bench::new(STREAM), false),
        ("sourcing", Bench::connecting(QUERY), true),
        ("connecting", Bench::connecting(STREAM), true),
        ("open", Bench::open(STREAM), true),
        ("held", held(), true),
        ("waiting", waiting(), false),
    ] {
        let expected = if runs { vec![Abort(1), NO_TIMER] } else { vec![NO_TIMER] };
        assert_eq!(bench.tell(Event::Close), expected, "{name}");
        let others = [Event::Start, Event::Renewed, Event::Woken, Event::Seen(true), Event::Held(true), Event::Held(false), Event::Tick, Event::Close];
        for event in said(1).into_iter().chain(others) {
            assert_eq!(bench.after(1_000_000, event), [], "{name}, {event:?}");
        }
    }
}

#[test]
fn whoever_closes_it_while_effects_are_carried_out_gets_none_of_the_rest() {
    let mut bench = Bench::open(STREAM);
    bench.now += 60_000;
    bench.queue(Event::Renewed);
    assert_eq!(bench.stream.poll(), Some(Abort(1)));
    // Nobody connects any more; that the connection is given up as well does no harm.
    assert_eq!(bench.tell(Event::Close), [Abort(2), NO_TIMER]);

    let mut bench = Bench::open(STREAM);
    bench.now += 60_000;
    bench.queue(Event::Renewed);
    assert_eq!(bench.tell(Event::Close), [Abort(1), Abort(2), NO_TIMER], "what runs is broken off in any case");

    let mut bench = Bench::connecting(QUERY);
    bench.tell(Event::Sourced(1));
    bench.tell(Event::Refused(2, "stream_replay_volume_exceeded", 0));
    bench.after(500, Event::Tick);
    bench.queue(Event::Sourced(3));
    assert_eq!(bench.tell(Event::Close), [Abort(4), NO_TIMER], "not even that it must read anew");
    assert!(!bench.tell(Event::Tick).contains(&Resync));
}
