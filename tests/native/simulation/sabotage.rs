//! The simulation put to the test: machines that are broken on purpose, each caught within so many steps.

use countersign::core::sabotage::{Fault, choose};

use super::random::mix;
use super::run::play;
use super::step::draw;

const LIMIT: u64 = 100_000;
const BASE: u64 = 0x5ab0_7a6e;

/// How many steps it takes until a promise of this number is seen to be broken.
fn caught_after(fault: Fault) -> Option<u64> {
    choose(Some(fault));
    let mut steps = 0;
    for n in 0.. {
        let (config, moves) = draw(mix(BASE + n));
        let outcome = play(&config, &moves, false);
        steps += outcome.steps;
        if steps > LIMIT {
            break;
        }
        if outcome.violation.is_some_and(|v| v.invariant == fault.invariant()) {
            choose(None);
            return Some(steps);
        }
    }
    choose(None);
    None
}

#[test]
fn every_broken_machine_is_caught() {
    let mut missed = Vec::<Fault>::new();
    for fault in Fault::ALL {
        let after = caught_after(*fault);
        println!("invariant {} {fault:?}: {}", fault.invariant(), after.map_or("NOT CAUGHT".into(), |n| format!("caught after {n} steps")));
        missed.extend(after.is_none().then_some(*fault));
    }
    assert!(missed.is_empty(), "not caught within {LIMIT} steps: {missed:?}");
    for invariant in [1, 3, 4, 5, 6] {
        assert!(Fault::ALL.iter().any(|f| f.invariant() == invariant), "no machine that breaks invariant {invariant}");
    }
}

/// The same steps with no fault chosen: what catches the others is not the feature itself.
#[test]
fn a_whole_machine_is_not() {
    choose(None);
    let mut steps = 0;
    for n in 0.. {
        let (config, moves) = draw(mix(BASE + n));
        let outcome = play(&config, &moves, false);
        assert_eq!(outcome.violation, None, "seed {:#x}", config.seed);
        steps += outcome.steps;
        if steps > LIMIT {
            return;
        }
    }
}
