// A provider that fails, hangs, has only expired tokens, or the same one again.
import { auth, driver, node } from './names.mjs'

const LANDING = 'src/auth/landing.rs'
const FLIGHTS = 'src/auth/flights.rs'
const FENCES = 'src/auth/fences.rs'
const ENTRY = 'src/auth/entry.rs'
const POLICY = 'src/auth/policy.rs'
const DRIVER = 'src/driver/session.rs'
const PROVIDER = 'pkg/src/core/provider.ts'

/** @type {import('./names.mjs').Mutations} */
export default {
  H7: [
    {
      without: 'the token at hand, when the refresh fails',
      file: FLIGHTS, from: '(Some(lease), Want::Any | Want::Ahead) => self.effects.add(Effect::Resolve(waiter.who, lease.clone())),\n                // A socket goes on', to: '// A socket goes on',
      tests: auth('answers::who_waits_for_a_refresh_that_fails_is_given_the_token_at_hand'),
    },
    {
      without: 'the token at hand, while the provider is left alone',
      file: FLIGHTS, from: 'self.lasting(waiter.key, now).map_or(Acquired::Failed(why), Acquired::Ready)', to: 'Acquired::Failed(why)',
      tests: auth('answers::a_still_valid_token_outlives_a_failing_provider_for_its_whole_life'),
    },
    {
      without: 'the back-off',
      file: FLIGHTS, from: 'entry.retry_at = now.mono + wait;', to: 'entry.retry_at = now.mono;',
      tests: auth('answers::failures_follow_the_back_off_and_success_ends_it', 'clocks::a_provider_is_left_alone_for_as_long_as_it_says'),
    },
    {
      without: 'the doubling of the back-off',
      file: 'src/core/backoff.rs', from: '(base.0 << self.failures.min(10))', to: 'base.0',
      tests: auth('clock::the_back_off_doubles_and_stays_within_a_quarter_and_a_minute', 'answers::failures_follow_the_back_off_and_success_ends_it'),
    },
    {
      without: "the provider's own word about how long to wait",
      file: FLIGHTS, from: 'let wait = alone.map_or(wait, |alone| {', to: 'let wait = None::<DurationMs>.map_or(wait, |alone| {',
      tests: auth('clocks::a_provider_is_left_alone_for_as_long_as_it_says', 'clocks::what_only_a_change_mends_is_asked_for_after_the_change'),
    },
    {
      without: 'the one forced call that breaks the cool-down',
      file: FLIGHTS, from: '&& !(forced && entry.backoff.failures() <= 1)', to: '',
      tests: auth('answers::a_forced_call_breaks_the_cool_down_once'),
    },
    {
      without: 'the end of the cool-down when somebody else signs in',
      file: FENCES, from: 'entry.backoff.reset();\n            entry.retry_at = Mono(0);\n            entry.last_error = None;', to: '',
      tests: auth('answers::another_identity_ends_the_cool_down'),
    },
    {
      without: 'Retry-After, as Clerk hands it on',
      file: PROVIDER, from: ': Number((error as { retryAfter?: unknown } | null)?.retryAfter) * 1000', to: ': undefined',
      tests: node('package/places', 'a provider is left alone for as long as it says: in seconds beside its error, or by retryAfterMs'),
    },
  ],
  H8: [
    {
      without: 'the end of waiting',
      file: FENCES, from: 'w.deadline <= now.mono && ', to: 'w.deadline < Mono(0) && ',
      tests: auth('flights::a_provider_that_never_settles_times_out_and_a_late_answer_is_adopted'),
    },
    {
      without: 'the late answer of a flight that was given up on',
      file: LANDING, from: 'if !joined && past {', to: 'if !joined {',
      tests: auth('flights::a_late_answer_does_not_speak_for_the_flight_beside_it'),
    },
    {
      without: 'the comparison that keeps a late answer from replacing a newer one',
      file: LANDING, from: 'if !joined && past {', to: 'if false {',
      tests: auth('flights::a_late_loser_never_overwrites_a_newer_token'),
    },
    {
      without: 'the second flight beside one that hangs',
      file: FLIGHTS, from: 'if now.mono < flight.stuck_at(&self.policy) {', to: 'if true {',
      tests: auth('flights::a_second_flight_beside_a_stuck_one_and_never_a_third_beside_it', 'leases::a_provider_that_hangs_is_asked_again_for_a_socket'),
    },
    {
      without: 'the end of the oldest flight when a third one starts',
      file: FLIGHTS, from: 'self.effects.add(Effect::Abort(old.id));', to: 'let _ = old.id;',
      tests: auth('flights::a_second_flight_beside_a_stuck_one_and_never_a_third_beside_it'),
    },
    {
      without: 'force, for the flight beside one that hangs',
      file: FLIGHTS, from: 'entry.stray.is_some() || ', to: '',
      tests: auth('flights::the_flight_beside_a_stuck_one_is_forced'),
    },
  ],
  H13: [
    {
      without: 'the lead that is never more than a quarter of the life',
      file: POLICY, from: '.min(quarter).max(0))', to: '.max(quarter - quarter))',
      tests: auth('cache::lead_margin_and_interval_follow_the_formulas'),
    },
    {
      without: 'the least time between two refreshes',
      file: ENTRY, from: 'self.retry_at.max(at + policy.interval(life))', to: 'self.retry_at.max(at + policy.interval(DurationMs(life.0 - life.0)))',
      tests: auth('expiry::a_provider_cache_with_little_left_is_not_asked_in_a_spin'),
    },
    {
      without: 'the budget of a key',
      file: FLIGHTS, from: 'broken(Fault::NoBudget) || self.forced_all.has(limit_all, now.mono) && entry.forced.has(limit, now.mono)', to: 'self.forced_all.has(limit_all, now.mono)',
      tests: auth('flights::forced_calls_are_bounded_per_key_and_in_all'),
    },
    {
      without: 'the budget of all keys',
      file: FLIGHTS, from: 'broken(Fault::NoBudget) || self.forced_all.has(limit_all, now.mono) && entry.forced.has(limit, now.mono)', to: 'entry.forced.has(limit, now.mono)',
      tests: auth('flights::forced_calls_are_bounded_per_key_and_in_all'),
    },
    {
      without: 'the back-off from a provider that has only expired tokens',
      file: LANDING, from: 'self.leave(now, key, Why::OnlyExpired, random);', to: '',
      tests: auth('expiry::only_expired_tokens_bound_the_calls'),
    },
    {
      without: 'the least time that a timer is set for',
      file: FENCES, from: 'next.max(now.mono + DurationMs(50))', to: 'next.max(now.mono - DurationMs(1 << 40))',
      tests: auth('leases::a_budget_that_is_spent_delays_a_socket_without_spinning', 'properties::a_told_session_keeps_its_promises'),
    },
  ],
  H23: [
    {
      without: 'the comparison with the token that was refused',
      file: FLIGHTS, from: '(lease.id == old || refused == Some(old)) && ', to: 'false && ',
      tests: auth('flights::the_refused_token_again_is_no_better_one', 'found::a_token_that_was_invalidated_and_refused_is_known_when_it_comes_again'),
    },
    {
      without: 'the comparison by the token itself, before a replay',
      file: DRIVER, from: 'Some(_) if again => return self.end(id, Action::Deliver(id)),', to: 'Some(_) if again && false => return self.end(id, Action::Deliver(id)),',
      tests: driver('calls::the_same_token_under_another_name_is_not_sent_again'),
    },
    {
      without: 'the back-off from a provider that has no other token',
      file: LANDING, from: 'self.leave(now, key, Why::SameToken, random);', to: '',
      tests: auth('leases::the_refused_token_again_leaves_the_socket_waiting_quietly', 'refusals::a_provider_that_has_no_other_token_is_not_asked_at_every_refusal'),
    },
    {
      without: 'looking again later at a token that came once more ahead of its end',
      file: LANDING, from: 'held.look_again = Some(again);', to: 'held.look_again = None;',
      tests: auth('expiry::the_same_token_at_the_lead_is_looked_at_again_below_the_margin', 'leases::a_provider_that_keeps_its_token_is_not_asked_in_a_storm'),
    },
    {
      without: "waiting for another token before Convex's client is answered",
      file: 'pkg/src/convex/token.ts', from: 'if (token !== refused) return', to: 'if (token !== refused || true) return',
      tests: node('differential/convex/client', 'fetchToken never rejects: it waits out a failing provider, and a forced call waits for another token'),
    },
  ],
}
