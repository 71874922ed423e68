//! How it is doing: told once each, and right.

use crate::bench::{Bench, OURS, STANDARD, live, passing};
use countersign::link::Status::{Closed, Connected, Connecting, Idle, Offline, Rotating, Unauthorized, Waiting};
use countersign::link::{Close, Event, Probe};

#[test]
fn from_the_beginning_to_the_end() {
    let mut bench = Bench::new(OURS);
    bench.tell(Event::Woken);
    assert_eq!(bench.told(), []);
    bench.tell(live(1));
    bench.tell(live(2));
    bench.tell(Event::Opened(1));
    assert_eq!(bench.told(), [(Connecting, 0)]);
    bench.acked(1);
    bench.tell(Event::Arrived(1, 1));
    assert_eq!(bench.told(), [(Connected, 0)]);
    bench.rotate(1);
    bench.tell(Event::Arrived(1, 2));
    assert_eq!(bench.told(), [(Rotating, 0)], "as long as one has not caught up");
    bench.tell(Event::Arrived(2, 2));
    assert_eq!(bench.told(), [(Connected, 0)]);
    bench.tell(Event::Unsubscribe(1));
    bench.tell(Event::Unsubscribe(2));
    assert_eq!(bench.told(), []);
    bench.pass(3_000);
    assert_eq!(bench.told(), [(Idle, 0)]);
    bench.tell(Event::Dispose);
    assert_eq!(bench.told(), [(Closed, 0)]);
}

#[test]
fn a_pause_is_told_once_with_its_length() {
    let mut bench = Bench::new(OURS);
    bench.tell(live(1));
    bench.told();
    bench.tell(passing(1));
    bench.tell(live(2));
    bench.pass(100);
    bench.tell(live(3));
    assert_eq!(bench.told(), [(Waiting, 500)]);
    bench.pass(400);
    assert_eq!(bench.told(), [(Connecting, 0)]);
    bench.tell(passing(2));
    assert_eq!(bench.told(), [(Waiting, 875)]);
    bench.tell(Event::Woken);
    assert_eq!(bench.told(), [(Connecting, 0)]);
}

#[test]
fn an_attempt_that_fails_while_a_socket_works_is_its_rotation() {
    let mut bench = Bench::ready(OURS);
    bench.told();
    bench.tell(Event::Renewed(1));
    bench.pass(1_000);
    assert_eq!(bench.told(), [(Rotating, 0)]);
    bench.tell(passing(2));
    assert_eq!(bench.told(), [(Connected, 0)], "and no pause: it is connected");
    bench.tell(passing(1));
    assert_eq!(bench.told(), [(Waiting, 875)]);
}

#[test]
fn without_a_network_it_is_offline_where_it_is_wanted() {
    let mut bench = Bench::new(OURS);
    bench.tell(Event::Online(false));
    assert_eq!(bench.told(), []);
    bench.tell(live(1));
    assert_eq!(bench.told(), [(Offline, 0)]);
    bench.tell(Event::Online(true));
    bench.acked(1);
    bench.told();
    bench.tell(Event::Online(false));
    assert_eq!(bench.told(), [], "it works");
    bench.tell(passing(1));
    bench.tell(Event::Online(true));
    assert_eq!(bench.told(), [(Offline, 0), (Connecting, 0)], "until there is one, not for a pause");
    bench.tell(Event::Unsubscribe(1));
    bench.tell(passing(2));
    assert_eq!(bench.told(), [(Idle, 0)]);
}

#[test]
fn who_is_refused_is_unauthorized_until_a_socket_is_acknowledged_and_every_pause_is_told() {
    let mut bench = Bench::ready(OURS);
    bench.hear(1, 10_000);
    bench.tell(passing(1));
    bench.pass(500);
    bench.told();
    bench.tell(Event::Closed(2, Close::Refused));
    bench.tell(Event::Closed(3, Close::Refused));
    assert_eq!(bench.told(), [], "nobody knows yet");
    let mut pauses = Vec::new();
    for (id, random) in [(4, 0.9), (5, 0.9), (6, 0.0), (7, 0.1)] {
        bench.random = random;
        bench.tell(Event::Probed(Probe::Passing));
        let told = bench.told();
        let after = bench.wait()[0].0;
        assert_eq!(told, [(Unauthorized, after)], "{id}");
        assert_eq!(bench.told(), [], "{id}");
        pauses.push(after);
        bench.tell(Event::Closed(id, Close::Refused));
    }
    assert!(pauses[2] < pauses[1] && pauses[3] < pauses[1], "{pauses:?}: a shorter one after a longer one");
    bench.tell(Event::Probed(Probe::Passing));
    bench.wait();
    bench.told();
    bench.acked(8);
    assert_eq!(bench.told(), [(Connected, 0)]);
}

#[test]
fn the_application_s_pause_has_no_length() {
    let mut bench = Bench::ready(STANDARD);
    bench.told();
    bench.tell(passing(1));
    assert_eq!(bench.told(), [(Waiting, 0)]);
    bench.tell(Event::Paused);
    assert_eq!(bench.told(), [(Connecting, 0)]);
}
