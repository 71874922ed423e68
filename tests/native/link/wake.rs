//! Sleep, silence and deadlines: when a socket is dead that nobody closed.

use crate::bench::{Bench, LIFE, OURS, live, once, passing};
use countersign::link::Effect::{Close, Finish, Open, Ping, Send, Stop, Take};
use countersign::link::{Cause, End, Event, Policy};
use countersign::core::time::DurationMs;

#[test]
fn a_page_that_comes_back_asks_whether_the_socket_lives() {
    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.tell(Event::Woken), [Ping(1)]);
    assert_eq!(bench.tell(Event::Woken), [], "asked");
    assert_eq!(bench.pass(4_999), []);
    assert_eq!(bench.pass(1), [(1, Close(1, 4499))]);
    assert_eq!(bench.wait(), [(500, Open(2, Cause::Retry))]);

    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Woken);
    assert_eq!(bench.after(3_000, Event::Heard(1)), []);
    bench.hear(1, 20_000);
    assert_eq!(bench.tell(Event::Woken), [Ping(1)], "and the next time again");
}

#[test]
fn a_page_that_comes_back_after_the_expiry_does_not_wait_for_the_close() {
    // Either clock may have stood still.
    for (mono, wall, cut) in [(60_000, 60_000, true), (0, 60_000, true), (60_000, 0, true), (59_999, 59_999, false), (0, -60_000, false)] {
        let mut bench = Bench::ready(OURS);
        bench.now += mono;
        bench.wall += wall;
        let effects = bench.tell(Event::Woken);
        if cut {
            assert_eq!(effects, [Close(1, 4499), Open(2, Cause::Retry)], "{mono} {wall}");
            assert_eq!(bench.acked(2), [Send(1, 2)]);
        } else {
            assert_eq!(effects, [Ping(1)], "{mono} {wall}");
        }
    }
}

#[test]
fn sleep_is_noticed_by_whatever_happens_next() {
    // The wall clock went on and the other one stood still.
    for (slept, pings) in [(5_000, false), (5_001, true)] {
        let mut bench = Bench::ready(OURS);
        bench.wall += slept;
        assert_eq!(bench.tell(Event::Heard(1)).contains(&Ping(1)), pings, "{slept}");
    }
    let mut bench = Bench::ready(OURS);
    bench.wall += 3_600_000;
    assert_eq!(bench.tell(live(2)), [Close(1, 4499), Open(2, Cause::Retry)], "its token expired meanwhile");
    let mut bench = Bench::ready(OURS);
    bench.wall -= 3_600_000;
    assert_eq!(bench.tell(Event::Heard(1)), [], "somebody set the clock back");
}

#[test]
fn a_timer_that_is_late_says_that_it_slept() {
    for (late, asked) in [(5_000, true), (5_001, true)] {
        let mut bench = Bench::ready(OURS);
        bench.skip(15_000 + late);
        assert_eq!(bench.tell(Event::Tick).contains(&Ping(1)), asked, "{late}: silent for too long, or slept");
    }
    // A pause is over when somebody comes back.
    let mut bench = Bench::new(OURS);
    bench.random = 0.999;
    bench.tell(live(1));
    bench.tell(passing(1));
    assert_eq!(bench.after(6_000, Event::Tick), [Open(2, Cause::Retry)]);
}

#[test]
fn nobody_is_judged_by_an_answer_that_he_could_not_give() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Woken);
    bench.skip(30_000);
    assert_eq!(bench.tell(Event::Tick), [Ping(1)], "it slept while it waited for the answer: asked anew");
    assert_eq!(bench.pass(5_000), [(5_000, Close(1, 4499))]);
}

#[test]
fn silence_is_asked_about() {
    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.pass(14_999), []);
    assert_eq!(bench.pass(1), [(1, Ping(1))]);
    assert_eq!(bench.pass(5_000), [(5_000, Close(1, 4499))]);
    assert_eq!(bench.wait(), [(500, Open(2, Cause::Retry))], "as if the network had taken it");

    let mut bench = Bench::ready(OURS);
    assert_eq!(bench.pass(15_000), [(15_000, Ping(1))]);
    bench.after(4_000, Event::Heard(1));
    assert_eq!(bench.pass(14_999), []);
    assert_eq!(bench.pass(1), [(1, Ping(1))], "fifteen seconds from its sign of life");
}

#[test]
fn an_old_socket_that_still_has_work_is_asked_too() {
    let mut bench = Bench::ready(OURS);
    bench.tell(once(2));
    bench.rotate(1);
    bench.tell(Event::Arrived(1, 2));
    bench.tell(Event::Heard(1));
    bench.hear_quietly(2, 14_000);
    assert_eq!(bench.pass(1_000), [(1_000, Ping(1))], "else its query would wait for ever");
    bench.tell(Event::Heard(2));
    assert_eq!(bench.pass(5_000), [(5_000, Close(1, 4499)), (5_000, Finish(2, End::Unknown))]);
    bench.hear(2, 20_000);
}

#[test]
fn a_silent_socket_in_a_handover_is_not_waited_for() {
    let mut bench = Bench::rotating(OURS);
    bench.tell(passing(2));
    // The new one is gone; the old one works until it is silent.
    bench.tell(Event::Lost(3));
    bench.random = 0.0;
    for id in 3..100 {
        if bench.wait().iter().any(|(_, effect)| *effect == Close(1, 4499)) {
            return;
        }
        bench.tell(Event::Lost(id));
    }
    panic!("socket 1 is silent");
}

#[test]
fn without_the_wish_nobody_is_pinged_and_without_the_wish_nobody_is_dead() {
    let mut bench = Bench::ready(Policy { ping: DurationMs::ZERO, ..OURS });
    assert_eq!(bench.pass(3_600_000), []);
    let mut bench = Bench::ready(Policy { dead: false, ..OURS });
    assert_eq!(bench.pass(3_600_000), [(15_000, Ping(1))], "as graphql-ws: the next one follows an answer");
    bench.tell(Event::Heard(1));
    assert_eq!(bench.pass(15_000), [(15_000, Ping(1))]);
}

#[test]
fn a_handshake_and_an_acknowledgement_are_not_waited_for_without_end() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    assert_eq!(bench.pass(10_000), [(10_000, Close(1, 4499))]);
    assert_eq!(bench.wait(), [(500, Open(2, Cause::Retry))]);
    bench.after(9_999, Event::Opened(2));
    assert_eq!(bench.after(5_000, Event::Heard(2)), [], "a ping may come before the acknowledgement, and is none");
    assert_eq!(bench.pass(4_999), []);
    assert_eq!(bench.pass(1), [(1, Close(2, 4504))]);

    let mut bench = Bench::new(Policy { connect: DurationMs::ZERO, ack: DurationMs::ZERO, ..OURS });
    bench.tell(live(1));
    assert_eq!(bench.pass(3_600_000), []);
    bench.tell(Event::Opened(1));
    assert_eq!(bench.pass(3_600_000), []);
    assert_eq!(bench.tell(Event::Acked(1, LIFE)), [Send(1, 1)]);
}

#[test]
fn a_rotation_has_deadlines_too() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Renewed(1));
    bench.pass(1_000);
    bench.hear_quietly(1, 9_000);
    assert_eq!(bench.pass(1_000), [(1_000, Close(2, 4499))]);
    assert_eq!(bench.wait(), [(500, Open(3, Cause::Rotation))]);
}

#[test]
fn nothing_is_tried_while_there_is_no_network() {
    let mut bench = Bench::new(OURS);
    assert_eq!(bench.tell(Event::Online(false)), []);
    assert_eq!(bench.tell(live(1)), []);
    assert_eq!(bench.pass(3_600_000), []);
    assert_eq!(bench.tell(Event::Online(true)), [Open(1, Cause::First)]);
    assert_eq!(bench.acked(1), [Send(1, 1)]);

    bench.tell(Event::Online(false));
    bench.hear(1, 20_000);
    assert_eq!(bench.tell(passing(1)), []);
    assert_eq!(bench.pass(3_600_000), [], "what was heard was not the platform's network, or it is gone now");
    assert_eq!(bench.tell(Event::Online(true)), [Open(2, Cause::Retry)], "without the rest of the pause");
}

#[test]
fn the_network_that_is_back_may_be_another_one() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Online(false));
    assert_eq!(bench.tell(Event::Online(true)), [Ping(1)]);
}

#[test]
fn a_rotation_waits_for_the_network() {
    let mut bench = Bench::ready(OURS);
    bench.tell(Event::Online(false));
    bench.tell(Event::Renewed(1));
    bench.hear(1, 20_000);
    assert_eq!(bench.tell(Event::Online(true)), [Ping(1), Open(2, Cause::Rotation)]);
}

#[test]
fn who_terminates_wants_another_socket_at_once() {
    let mut bench = Bench::ready(OURS);
    bench.tell(once(2));
    bench.rotate(1);
    bench.tell(once(3));
    let effects = bench.tell(Event::Terminate);
    let (closes, rest): (Vec<_>, Vec<_>) = effects.into_iter().partition(|effect| matches!(effect, Close(_, 4499)));
    assert_eq!(closes, [Close(1, 4499), Close(2, 4499)]);
    assert!(rest.starts_with(&[Take(1, 2)]) || !rest.contains(&Take(1, 2)), "{rest:?}");
    let rest: Vec<_> = rest.into_iter().filter(|effect| !matches!(effect, Take(..))).collect();
    assert_eq!(rest, [Finish(2, End::Unknown), Finish(3, End::Unknown), Open(3, Cause::Retry)]);
    assert_eq!(bench.acked(3), [Send(1, 3)]);
    assert_eq!(bench.tell(passing(1)), []);

    let mut bench = Bench::new(OURS);
    assert_eq!(bench.tell(Event::Terminate), [], "there is none");
    bench.tell(live(1));
    assert_eq!(bench.tell(Event::Terminate), [Close(1, 4499), Open(2, Cause::Retry)]);
    bench.tell(passing(2));
    assert_eq!(bench.tell(Event::Terminate), [Open(3, Cause::Retry)], "nor through a pause");
}

#[test]
fn after_the_end_there_is_nothing() {
    let mut bench = Bench::ready(OURS);
    bench.tell(once(2));
    bench.rotate(1);
    bench.tell(once(3));
    let effects = bench.tell(Event::Dispose);
    assert_eq!(
        effects,
        [Finish(1, End::Complete), Finish(2, End::Complete), Finish(3, End::Complete), Close(1, 1000), Close(2, 1000)],
    );
    assert_eq!(bench.alarm, None);
    let told = bench.told().len();
    for event in [Event::Start, live(4), Event::Woken, Event::Tick, passing(2), Event::Online(true), Event::Terminate, Event::Dispose, Event::Renewed(2)] {
        assert_eq!(bench.tell(event), []);
        assert_eq!((bench.alarm, bench.told().len()), (None, 0), "{told}");
    }
}

#[test]
fn what_was_asked_for_and_not_done_yet_is_not_done_after_the_end() {
    let mut bench = Bench::ready(OURS);
    let now = countersign::core::time::Now { wall: countersign::core::time::UnixMillis(bench.wall), mono: countersign::core::time::Mono(bench.now) };
    // Somebody who is called while effects are carried out disposes of it.
    bench.link.handle(live(2), now, 0.5);
    bench.link.handle(Event::Unsubscribe(1), now, 0.5);
    assert_eq!(bench.tell(Event::Dispose), [Finish(2, End::Complete), Close(1, 1000)]);
    assert!(!bench.tell(Event::Tick).contains(&Stop(1, 1)));
}

#[test]
fn nothing_is_sent_on_a_socket_whose_token_expired_in_a_sleep() {
    // Both clocks went on, and what comes first is a call. The server may have cut it: a mutation that is sent there may or may not run.
    for asked in [once(2), live(2)] {
        let mut bench = Bench::ready(OURS);
        bench.skip(60_000);
        assert_eq!(bench.tell(asked), [Open(2, Cause::Rotation)]);
        assert_eq!(bench.acked(2), [Send(1, 2), Send(2, 2)], "and what works on the old one is not given up for it");
        assert_eq!(bench.tell(Event::Arrived(1, 2)), [Stop(1, 1), Close(1, 1000)]);
    }
    let mut bench = Bench::ready(OURS);
    bench.skip(59_999);
    assert_eq!(bench.tell(once(2)), [Send(2, 1)]);
    // The attempt fails, and the old socket is cut at last.
    let mut bench = Bench::ready(OURS);
    bench.skip(60_000);
    bench.tell(once(2));
    assert_eq!(bench.tell(Event::Lost(2)), []);
    assert_eq!(bench.tell(passing(1)), [Open(3, Cause::Retry)], "the expiry was the reason, and no failure");
    assert_eq!(bench.acked(3), [Send(1, 3), Send(2, 3)]);
    // npm graphql-ws moves nothing from one socket to another.
    let mut bench = Bench::ready(Policy { tokens: false, ..OURS });
    bench.skip(60_000);
    assert_eq!(bench.tell(once(2)), [Send(2, 1)]);
}

/// Without pings; the server says every twenty seconds that it lives.
fn beating() -> Bench {
    let mut bench = Bench::new(Policy { ping: DurationMs::ZERO, ..OURS });
    bench.tell(live(1));
    bench.acked_for(1, None);
    assert_eq!(bench.tell(Event::Beat(1)), []);
    assert_eq!(bench.after(5, Event::Beat(1)), [], "some say it twice at once");
    assert_eq!(bench.pass(20_000), []);
    assert_eq!(bench.tell(Event::Beat(1)), []);
    bench
}

#[test]
fn a_server_that_cannot_be_asked_is_known_by_its_rhythm() {
    let mut bench = beating();
    assert_eq!(bench.pass(59_999), []);
    assert_eq!(bench.pass(1), [(1, Close(1, 4499))], "three times in a row it said nothing");
    assert_eq!(bench.wait(), [(500, Open(2, Cause::Retry))]);

    let mut bench = beating();
    assert_eq!(bench.pass(40_000), []);
    assert_eq!(bench.tell(Event::Heard(1)), []);
    assert_eq!(bench.pass(59_999), [], "results are signs of life, too");
    assert_eq!(bench.tell(Event::Beat(1)), []);
    assert_eq!(bench.pass(299_996), [], "it was silent for 99.999 seconds once");
    assert_eq!(bench.pass(1), [(1, Close(1, 4499))]);

    // As often as every second: a page that is busy for a while does not take it for dead.
    let mut bench = Bench::new(Policy { ping: DurationMs::ZERO, ..OURS });
    bench.tell(live(1));
    bench.acked_for(1, None);
    bench.tell(Event::Beat(1));
    bench.after(1_000, Event::Beat(1));
    assert_eq!(bench.pass(14_999), []);
    assert_eq!(bench.pass(1), [(1, Close(1, 4499))]);
}

#[test]
fn a_rhythm_is_not_learned_asleep() {
    let mut bench = beating();
    bench.skip(3_600_000);
    assert_eq!(bench.tell(Event::Tick), [], "what came meanwhile is not read yet");
    assert_eq!(bench.tell(Event::Beat(1)), []);
    assert_eq!(bench.pass(59_999), []);
    assert_eq!(bench.pass(1), [(1, Close(1, 4499))], "an hour is not its rhythm");
    let mut bench = beating();
    bench.skip(3_600_000);
    assert_eq!(bench.tell(Event::Tick), []);
    assert_eq!(bench.pass(60_000), [(60_000, Close(1, 4499))], "nothing came");
}

#[test]
fn a_protocol_without_pings_is_asked_nothing() {
    let mut bench = Bench::ready(Policy { ping: DurationMs::ZERO, ..OURS });
    assert_eq!(bench.tell(Event::Woken), []);
    assert_eq!(bench.pass(20_000), [], "nobody is dead for an answer that there is not");
    bench.now += 40_000;
    bench.wall += 40_000;
    assert_eq!(bench.tell(Event::Woken), [Close(1, 4499), Open(2, Cause::Retry)], "its token expired meanwhile");
}
