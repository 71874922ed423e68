//! Two clocks: waiting goes by the one that nobody sets, and a jump of the other against it is a wake.

use countersign::auth::entry::Reason;
use countersign::auth::flights::{Answer, FOREVER};
use countersign::auth::machine::{Notice, Want};
use countersign::core::error::Why;

use crate::world::*;

fn wakes(w: &World) -> usize {
    w.notices.iter().filter(|n| matches!(n, Notice::Wake)).count()
}

#[test]
fn a_clock_set_back_keeps_nobody_waiting() {
    let mut w = World::alice();
    let reader = w.read();
    w.run(seconds(1));
    w.jump(seconds(-3_600));
    w.run(seconds(9));
    assert_eq!(w.outcome(reader), Some(&Outcome::Failed(Why::NoAnswer)), "after ten seconds, whatever the wall clock says");
}

#[test]
fn a_sleep_does_not_use_up_the_time_to_wait() {
    let mut w = World::alice();
    let reader = w.read();
    w.run(seconds(1));
    w.jump(seconds(8 * 3_600));
    w.run(seconds(8));
    assert_eq!(w.outcome(reader), None);
    w.grant(0, 60);
    w.token_of(reader);
}

#[test]
fn a_clock_set_back_does_not_prolong_a_back_off() {
    let mut w = World::alice();
    w.read();
    w.fail(0);
    w.run(100);
    w.jump(seconds(-3_600));
    let reader = w.read();
    assert_eq!(w.outcome(reader), None, "asked again: {:?}", w.calls.last());
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn a_clock_that_jumps_to_and_fro_does_not_undo_the_back_off() {
    let mut w = World::alice();
    w.provider = Some(Box::new(|_, _| Some(Answer::Failed(Why::ProviderThrew))));
    for n in 0..600 {
        w.read();
        w.run(100);
        w.jump(if n % 2 == 0 { seconds(3_600) } else { seconds(-3_600) });
    }
    // A minute: 0.5 + 1 + 2 + 4 + 8 + 16 + 32 s, and one of them forgiven.
    assert!(w.calls.len() <= 9, "{} calls in a minute", w.calls.len());
}

#[test]
fn a_jump_is_one_wake_and_forgets_what_was_known_of_the_clocks() {
    let mut w = World::alice();
    w.want(KEY, Want::Forced);
    w.grant(0, 600);
    assert!(w.m.skew().calibrated());
    w.run(seconds(300));
    assert_eq!(wakes(&w), 0);
    w.jump(seconds(3));
    w.read();
    w.read();
    assert_eq!(wakes(&w), 1);
    assert!(!w.m.skew().calibrated());
    w.jump(1_900);
    w.read();
    assert_eq!(wakes(&w), 1, "less than two seconds is no jump");
}

#[test]
fn after_a_sleep_only_what_is_wanted_is_asked_for() {
    let mut w = World::alice();
    for (n, key) in [KEY, OTHER].into_iter().enumerate() {
        w.want(key, Want::Any);
        w.grant(n, 600);
    }
    w.run(seconds(10));
    w.jump(seconds(3_600));
    w.run(seconds(30));
    assert_eq!(w.calls.len(), 2);
    w.read();
    assert_eq!(w.calls.len(), 3);
}

#[test]
fn when_the_network_is_back_what_is_due_waits_its_turn() {
    let mut w = World::alice();
    for (n, key) in [KEY, OTHER].into_iter().enumerate() {
        w.want(key, Want::Any);
        w.grant(n, 600);
    }
    w.m.visible(w.time(), false);
    w.run(seconds(550) + 700);
    w.m.woke(w.time());
    w.m.visible(w.time(), true);
    w.drain();
    assert_eq!(w.calls.len(), 2, "both are due; neither at once");
    w.run(seconds(2) + FLOOR);
    assert_eq!(w.calls.len(), 4);
}

#[test]
fn a_read_right_after_a_wake_does_not_renew_at_once_and_no_timer_spins_until_then() {
    let mut w = World::alice();
    w.read();
    let token = w.grant(0, 600);
    w.m.visible(w.time(), false);
    w.run(seconds(550) + 700);
    w.m.woke(w.time());
    w.m.visible(w.time(), true);
    w.drain();
    let reader = w.read();
    assert_eq!((w.token_of(reader), w.calls.len()), (token.as_str(), 1));
    let before = w.ticks;
    w.run(650);
    assert!(w.ticks - before <= 1, "{} timer calls", w.ticks - before);
    w.run(100);
    assert_eq!(w.calls.len(), 2, "its turn has come");
}

#[test]
fn no_more_than_two_keys_are_renewed_at_once() {
    let mut w = World::alice();
    let keys: Vec<_> = [KEY, OTHER].into_iter().chain((0..4).map(|_| w.m.add_key())).collect();
    for key in &keys {
        w.want(*key, Want::Any);
        let call = w.calls.len() - 1;
        w.grant(call, 60);
    }
    let asked = w.calls.len();
    w.run(seconds(49));
    assert_eq!(w.calls.len(), asked + 2);
    w.grant(asked, 60);
    w.run(FLOOR);
    assert_eq!(w.calls.len(), asked + 3, "one has come, the next one goes");
}

#[test]
fn a_provider_is_left_alone_for_as_long_as_it_says() {
    let mut w = World::alice();
    w.read();
    w.settle(0, Answer::Busy(Why::ProviderThrew, ms(20_000)));
    w.run(seconds(19));
    let forced = w.want(KEY, Want::Forced);
    assert_eq!(w.outcome(forced), Some(&Outcome::Failed(Why::ProviderThrew)), "not even by force");
    let early = w.read();
    assert_eq!(w.outcome(early), Some(&Outcome::Failed(Why::ProviderThrew)));
    assert_eq!(w.calls.len(), 1);
    w.run(seconds(2));
    w.read();
    assert_eq!(w.calls.len(), 2);
}

#[test]
fn what_only_a_change_mends_is_asked_for_after_the_change() {
    let mut w = World::alice();
    let unknown = |w: &mut World, call| w.settle(call, Answer::Busy(Why::ProviderThrew, FOREVER));
    w.read();
    unknown(&mut w, 0);
    for _ in 0..100 {
        w.run(seconds(600));
        w.read();
    }
    w.jump(seconds(8 * 3_600));
    w.read();
    assert_eq!(w.calls.len(), 1, "not even after a sleep");
    w.m.invalidate(w.time(), None);
    w.read();
    assert_eq!(w.calls.len(), 2, "the app's word");
    unknown(&mut w, 1);
    w.tell("bob");
    w.read();
    assert_eq!(w.calls.len(), 3, "another user");
}

#[test]
fn a_failure_of_the_wait_is_not_made_worse_by_a_wake() {
    let mut w = World::alice();
    w.read();
    for call in 0..4 {
        w.fail(call);
        w.run(seconds(60));
        w.read();
    }
    w.fail(4);
    assert_eq!(w.calls.len(), 5);
    w.m.woke(w.time());
    let reader = w.read();
    assert_eq!(w.calls.len(), 6, "the network is back: asked again at once");
    assert_eq!(w.calls[5].reason, Reason::First);
    w.grant(5, 60);
    w.token_of(reader);
}
