// Clocks, timers, sleep.
import { auth, driver } from './names.mjs'

const SKEW = 'src/auth/skew.rs'
const LANDING = 'src/auth/landing.rs'
const FLIGHTS = 'src/auth/flights.rs'
const FENCES = 'src/auth/fences.rs'
const MACHINE = 'src/auth/machine.rs'
const ENTRY = 'src/auth/entry.rs'
const DRIVER = 'src/driver/session.rs'

/** @type {import('./names.mjs').Mutations} */
export default {
  H1: [
    {
      without: 'the upper end of the skew, which a token minted for us shows',
      file: LANDING, from: 'self.skew.minted(issued, asked, now.wall);', to: 'self.skew.seen(issued, now.wall);',
      tests: auth('evidence::a_token_from_the_future_is_followed_by_one_that_shows_how_far_and_no_second_one', 'clock::a_wrong_clock_costs_a_bounded_number_of_calls_and_one_refusal_at_most'),
    },
    {
      without: 'the lower end, which any token shows',
      file: SKEW, from: 'self.narrow((issued - now).0, i64::MAX);', to: 'self.narrow(i64::MIN, i64::MAX);',
      tests: auth('clock::the_skew_estimate_stays_at_none_until_there_is_evidence', 'evidence::a_token_from_the_future_is_followed_by_one_that_shows_how_far_and_no_second_one'),
    },
    {
      without: 'starting over when the evidence contradicts itself',
      file: SKEW, from: 'if self.low > self.high {', to: 'if false {',
      tests: auth('clock::the_skew_estimate_stays_at_none_until_there_is_evidence'),
    },
    {
      without: 'the forced call for a token that is near its end when it should be young',
      file: FLIGHTS, from: 'forced || ((calibrate || in_vain) && affordable)', to: 'forced || (in_vain && affordable)',
      tests: auth('clock::a_wrong_clock_costs_a_bounded_number_of_calls_and_one_refusal_at_most', 'evidence::a_refusal_that_an_unforced_call_answers_is_followed_by_one_that_shows_the_skew'),
    },
    {
      without: 'the forced call after a token from the future, or after a refusal that raised doubt',
      file: LANDING, from: 'if (behind || self.doubt) && free', to: 'if false && free',
      tests: auth('evidence::a_token_from_the_future_is_followed_by_one_that_shows_how_far_and_no_second_one', 'evidence::a_refusal_that_an_unforced_call_answers_is_followed_by_one_that_shows_the_skew'),
    },
    {
      without: 'doubt about the clocks after a refusal',
      file: FENCES, from: 'self.doubt = true;', to: 'self.doubt = false;',
      tests: auth('evidence::a_refusal_that_an_unforced_call_answers_is_followed_by_one_that_shows_the_skew'),
    },
    {
      without: 'the limit to one calibration per identity and wake',
      file: LANDING, from: '> BEHIND && !self.calibrated && !self.skew.calibrated()', to: '> BEHIND',
      tests: auth('evidence::a_provider_that_does_not_force_is_not_asked_for_calibration_again'),
    },
    {
      without: 'knowing that a provider does not do as it is told',
      file: LANDING, from: 'self.calibrated |= flight.forced && (same || claims.issued.is_none() || claims.issued != entry.newest);', to: 'let _ = same;',
      tests: auth('evidence::a_forced_call_that_brings_the_same_token_shows_that_no_other_would_show_more'),
    },
    {
      without: 'what a server says of its clock',
      file: LANDING, from: 'self.skew.shown(server, asked, now.wall, SLACK);', to: '',
      tests: auth('evidence::a_server_that_took_the_token_shows_its_clock_and_a_stub_does_not'),
    },
    {
      without: 'doubt in favour of a token that only some possible clock calls expired',
      file: ENTRY, from: 'exp - DurationMs(skew.bounds().0.unwrap_or(0))', to: 'skew.earliest(exp)',
      tests: auth('expiry::expired_means_expired_by_every_clock_that_is_possible', 'expiry::a_forced_answer_near_its_end_is_used_and_one_past_it_is_not'),
    },
  ],
  H2: [
    {
      without: 'the cap of the timer',
      file: FENCES, from: '.min(now.mono + cap)', to: '.min(now.mono + cap + DurationMs(i64::MAX / 8))',
      tests: auth('clock::a_token_of_forty_days_sets_no_timer_beyond_a_minute_and_asks_once'),
    },
    {
      without: 'the look at the clock when a token is read',
      file: MACHINE, from: 'now.wall < h.not_after(&self.policy, &self.skew, entry.latency) && now.wall >= h.obtained', to: 'now.wall >= h.obtained',
      tests: auth('cache::peek_and_the_mirror_ask_nobody', 'answers::a_still_valid_token_outlives_a_failing_provider_for_its_whole_life'),
    },
  ],
  H3: [
    {
      without: 'the detector of a jump between the clocks',
      file: FENCES, from: '.abs() > JUMP.0', to: '.abs() > i64::MAX - 1',
      tests: auth('clocks::a_jump_is_one_wake_and_forgets_what_was_known_of_the_clocks'),
    },
    {
      without: 'forgetting the skew when the machine woke',
      file: FENCES, from: 'self.skew.forget();\n        self.uncalibrate();', to: '',
      tests: auth('clocks::a_jump_is_one_wake_and_forgets_what_was_known_of_the_clocks'),
    },
    {
      without: 'forgetting what was wanted before a sleep',
      file: FENCES, from: 'self.entries.iter_mut().for_each(|e| e.last_read = None);', to: '',
      tests: auth('clocks::after_a_sleep_only_what_is_wanted_is_asked_for'),
    },
    {
      without: 'the pause before what is due is renewed',
      file: FENCES, from: 'DurationMs(now.wall.0.rem_euclid(2_000))', to: 'DurationMs::ZERO',
      tests: auth('clocks::when_the_network_is_back_what_is_due_waits_its_turn'),
    },
    {
      without: 'the timer that is far too late',
      file: DRIVER, from: 'now.mono - at > LATE', to: 'now.mono - at > LATE && false',
      tests: driver('sleep::a_timer_that_comes_far_too_late_is_a_wake_and_one_that_is_throttled_is_not'),
    },
  ],
}
