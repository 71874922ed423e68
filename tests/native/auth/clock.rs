//! Timers that cannot overflow or spin, and clocks that are wrong.

use std::cell::Cell;
use std::rc::Rc;

use countersign::auth::machine::Want;
use countersign::auth::skew::Skew;
use countersign::core::backoff::Backoff;
use countersign::core::time::UnixMillis;

use crate::world::*;

#[test]
fn a_token_of_forty_days_sets_no_timer_beyond_a_minute_and_asks_once() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 40 * 86_400);
    for _ in 0..60 {
        w.read();
        assert!(w.deadline().is_some());
        w.run(seconds(60));
    }
    assert_eq!(w.calls.len(), 1);
    assert!(w.ticks <= 61, "{} timer calls in an hour", w.ticks);
}

#[test]
fn after_a_sleep_only_what_is_wanted_is_fetched() {
    let mut w = World::alice();
    w.read();
    w.grant(0, 60);
    w.want(OTHER, Want::Any);
    w.grant(1, 60);
    // The lid was closed: no timer went off for eight hours.
    w.jump(seconds(8 * 3600));
    w.m.tick(w.time());
    w.drain();
    assert_eq!(w.calls.len(), 2, "idle keys are left alone");
    w.read();
    assert_eq!(w.calls.len(), 3);
}

#[test]
fn an_hour_of_reading_costs_what_the_lifetimes_cost() {
    for life in [30, 60, 300, 3_600] {
        let mut w = World::alice();
        w.provider = Some(Box::new(move |_, now| Some(answer(&jwt(&format!(r#"{{"sub":"alice","iat":{},"exp":{}}}"#, now / 1000, now / 1000 + life))))));
        for _ in 0..3_600 {
            let reader = w.read();
            assert!(matches!(w.outcome(reader), Some(Outcome::Token(..))));
            w.run(seconds(1));
        }
        let lead = w.m.policy().lead(ms(seconds(life))).0;
        let fair = seconds(3_600).div_euclid(seconds(life) - lead) + 1;
        assert!(w.calls.len() as i64 <= fair + fair / 20, "life {life}: {} calls, {fair} are fair", w.calls.len());
        assert_eq!(w.forced(), 0);
    }
}

#[test]
fn the_back_off_doubles_and_stays_within_a_quarter_and_a_minute() {
    for random in [0.0, 0.5, 0.999_999, f64::NAN, 7.0, -1.0] {
        let mut backoff = Backoff::default();
        for n in 0..40_u32 {
            let plain = (500_i64 << n.min(10)).min(60_000);
            let wait = backoff.fail(ms(500), ms(60_000), random).0;
            assert!(wait >= plain * 3 / 4 && wait <= (plain * 5 / 4 + 1).min(60_000), "{random} {n}: {wait}");
        }
        backoff.reset();
        assert_eq!(backoff.failures(), 0);
    }
}

#[test]
fn the_skew_estimate_stays_at_none_until_there_is_evidence() {
    let at = |s: i64| UnixMillis(START + s * 1000);
    let mut skew = Skew::default();
    assert_eq!(skew.estimate(), ms(0));
    skew.seen(at(-30), at(0));
    assert_eq!(skew.estimate(), ms(0), "an old token shows nothing");
    skew.seen(at(40), at(0));
    assert_eq!(skew.estimate(), ms(40_000), "a token from the future shows that our clock is behind");
    skew.minted(at(-600), at(0), at(1));
    assert_eq!(skew.bounds(), (Some(-601_000), Some(-599_000)), "a contradiction starts over");
    assert_eq!(skew.estimate(), ms(-599_000));
    skew.forget();
    assert_eq!(skew.bounds(), (None, None));
}

/// A backend with the true clock, a provider with a cache like Clerk's (it judges by the same wrong clock), one read per second for ten minutes.
/// Returns provider calls, refusals, and the worst lateness of a token sent after the first refusal.
fn ten_minutes(ahead: i64) -> (usize, usize, i64) {
    let mut w = World::alice();
    let cached: Rc<Cell<Option<(i64, i64)>>> = Rc::default();
    let cache = cached.clone();
    // `ahead`: how far the device is ahead of the servers.
    w.provider = Some(Box::new(move |asked, now| {
        let server = (now - ahead).div_euclid(1000);
        let token = match cache.get() {
            Some((iat, exp)) if !asked.force && exp * 1000 - now > 15_000 => (iat, exp),
            _ => (server, server + 60),
        };
        cache.set(Some(token));
        Some(answer(&jwt(&format!(r#"{{"sub":"alice","iat":{},"exp":{}}}"#, token.0, token.1))))
    }));
    let (mut refusals, mut worst) = (0, 0);
    for _ in 0..600 {
        let reader = w.read();
        if let Some(Outcome::Token(token, lease)) = w.outcome(reader).cloned() {
            let late = w.now - ahead - countersign::auth::claims::read(&token).unwrap().expires.unwrap().0;
            if late >= 0 {
                refusals += 1;
                if refusals > 1 {
                    worst = worst.max(late);
                }
                w.want(KEY, Want::Better(lease));
            }
        } else {
            panic!("{ahead}: {:?}", w.outcome(reader));
        }
        w.run(seconds(1));
    }
    (w.calls.len(), refusals, worst)
}

#[test]
fn a_wrong_clock_costs_a_bounded_number_of_calls_and_one_refusal_at_most() {
    for size in [10, 20, 40, 44, 54, 60, 120, 300, 3_600] {
        for ahead in [seconds(size), seconds(-size)] {
            let (calls, refusals, worst) = ten_minutes(ahead);
            assert!(calls <= 3 + 2 * 600 / 48, "{} s: {calls} calls", ahead / 1000);
            assert!(refusals <= 1, "{} s: {refusals} refusals", ahead / 1000);
            assert!(worst <= 1_000, "{} s: {worst} ms late", ahead / 1000);
        }
    }
    let (calls, refusals, _) = ten_minutes(0);
    assert!(calls <= 26 && refusals == 0, "{calls}");
}
