//! A machine that was off: seen by the two clocks where one of them stood, and by its timer where both went on.

use countersign::auth::identity::Told;
use countersign::core::error::Why;
use countersign::driver::session::Event;

use crate::script::*;

/// How often a machine with a token at hand woke, when its timer came so much too late by both clocks.
fn wakes(late: i64) -> usize {
    let rig = Rig::with("a");
    let ports = rig.driver.ports();
    let due = ports.wake.get().0.unwrap();
    ports.now.set(due + late);
    rig.driver.handle(Event::Tick);
    ports.wakes.get()
}

#[test]
fn a_timer_that_comes_far_too_late_is_a_wake_and_one_that_is_throttled_is_not() {
    for (late, times) in [(0, 0), (60_000, 0), (90_000, 0), (90_001, 1), (8 * 3_600_000, 1)] {
        assert_eq!(wakes(late), times, "{late} ms late");
    }
}

#[test]
fn whoever_waited_through_a_sleep_has_the_rest_of_their_time() {
    let rig = Rig::new();
    rig.driver.handle(Event::Told(Told::Unknown));
    rig.call(1, PLAN);
    rig.run(5_000);
    rig.sleep(8 * 3_600_000);
    rig.run(4_900);
    assert_eq!(rig.news(), []);
    rig.run(200);
    assert_eq!(rig.news(), [Act::Fail(1, Why::NoIdentity)]);
}
