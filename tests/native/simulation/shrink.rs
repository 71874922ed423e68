//! Makes a failing run small: takes out whatever it fails without (delta debugging).

use super::run::play;
use super::step::{Config, Move};

/// The smallest list that could be found of steps that still break the same promise in the same way.
pub fn shrink(config: &Config, moves: &[Move], kind: &str) -> Vec<Move> {
    let fails = |moves: &[Move]| {
        let outcome = play(config, moves, false);
        outcome.violation.filter(|v| v.kind() == kind).map(|_| outcome.taken)
    };
    let mut best = moves.to_vec();
    if let Some(taken) = fails(&best) {
        best.truncate(taken);
    }
    let mut size = best.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut smaller = false;
        while at < best.len() {
            let mut rest = best.clone();
            rest.drain(at..(at + size).min(best.len()));
            match fails(&rest) {
                Some(taken) => {
                    rest.truncate(taken);
                    best = rest;
                    smaller = true;
                }
                None => at += size,
            }
        }
        if size == 1 && !smaller {
            return best;
        }
        size = (size / 2).max(1);
    }
}
