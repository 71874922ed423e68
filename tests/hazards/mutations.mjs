// For each hazard of www/docs/hazards.md: code that meets it, what is left when it is taken out, and tests that fail then.
// `from` must occur in its file exactly once. Native tests are named as cargo names them, `target`, `module::test`; those that Node runs by file and name.

/**
 * @typedef {import('./tree.mjs').Test} Test
 * @typedef {{ without: string, file: string, from: string, to: string, tests: readonly Test[] }} Mutation
 */

const auth = (/** @type {string[]} */ ...names) => names.map((name) => /** @type {Test} */ (['auth', name]))
const driver = (/** @type {string[]} */ ...names) => names.map((name) => /** @type {Test} */ (['driver', name]))
const claims = (/** @type {string[]} */ ...names) => names.map((name) => /** @type {Test} */ (['claims', name]))
const classify = (/** @type {string[]} */ ...names) => names.map((name) => /** @type {Test} */ (['classify', name]))
const endpoint = (/** @type {string[]} */ ...names) => names.map((name) => /** @type {Test} */ (['endpoint', name]))
const node = (/** @type {string} */ file, /** @type {string[]} */ ...names) => names.map((name) => /** @type {Test} */ ([`tests/${file}.test.mjs`, name]))

const SKEW = 'src/auth/skew.rs'
const LANDING = 'src/auth/landing.rs'
const FLIGHTS = 'src/auth/flights.rs'
const FENCES = 'src/auth/fences.rs'
const MACHINE = 'src/auth/machine.rs'
const ENTRY = 'src/auth/entry.rs'
const POLICY = 'src/auth/policy.rs'
const CLAIMS = 'src/auth/claims.rs'
const DRIVER = 'src/driver/session.rs'
const CALL = 'src/driver/call.rs'
const ENDPOINT = 'src/core/endpoint.rs'
const SESSION = 'pkg/src/core/session.ts'
const PROVIDER = 'pkg/src/core/provider.ts'
const PAGE = 'pkg/src/core/page.ts'

/** @type {Record<string, readonly Mutation[]>} */
export const MUTATIONS = {
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
  H4: [
    {
      without: 'a life for a readable token without exp',
      file: LANDING, from: 'if claims.is_some() { self.policy.fallback_ttl }', to: 'if claims.is_some() { DurationMs::ZERO }',
      tests: auth('answers::an_opaque_token_lives_thirty_seconds_and_one_without_exp_sixty'),
    },
    {
      without: 'the check that exp is a plausible number of seconds',
      file: CLAIMS, from: '(seconds.abs() < MAX_SECONDS)', to: '(seconds.abs() < f64::INFINITY)',
      tests: claims('odd_claims_are_not_found_and_the_others_are'),
    },
    {
      without: 'the expiry that the provider gives beside its token',
      file: LANDING, from: 'expires_at.unwrap_or(now.wall + ttl)', to: 'expires_at.map_or(now.wall + ttl, |_| now.wall + ttl)',
      tests: auth('expiry::provider_given_expiry_rules'),
    },
    {
      without: 'the word to the developer, once',
      file: SESSION, from: 'if (this.#odd.has(key)) return', to: '',
      tests: node('package/places', 'what is odd about a token is said once, where somebody needs it'),
    },
  ],
  H5: [
    {
      without: 'a life of its own for an opaque token',
      file: LANDING, from: '{ self.policy.opaque_ttl }', to: '{ DurationMs::ZERO }',
      tests: auth('answers::an_opaque_token_lives_thirty_seconds_and_one_without_exp_sixty', 'answers::an_opaque_token_given_again_is_good_again'),
    },
    {
      without: 'the fourth dot that makes an encrypted token opaque',
      file: CLAIMS, from: 'if dots.next().is_some() {', to: 'if false {',
      tests: claims('what_is_no_token_is_opaque'),
    },
    {
      without: 'the check that the payload is an object',
      file: CLAIMS, from: '!Raw(&text).is_object() || ', to: '',
      tests: claims('what_is_no_token_is_opaque'),
    },
  ],
  H6: [
    {
      without: 'the rule that "nobody" is never kept',
      file: LANDING, from: 'Answer::Nobody if joined && self.open() => self.nobody(key),', to: 'Answer::Nobody if joined && self.open() => {\n                self.leave(now, key, Why::SignedOut, random);\n                self.nobody(key);\n            }',
      tests: auth('answers::nobody_is_never_kept'),
    },
    {
      without: 'the refusal to send bare what did not ask for it',
      file: DRIVER, from: 'None if !call.plan.anonymous => {', to: 'None if false => {',
      tests: driver('calls::signed_out_it_is_sent_bare_or_not_at_all'),
    },
    {
      without: 'waiting until it is known who is there',
      file: MACHINE, from: 'if !self.open() {\n            return Acquired::Pending;\n        }\n        let Some(entry)', to: 'let Some(entry)',
      tests: auth('identity::the_first_identity_is_generation_zero_and_what_waits_goes_on', 'identity::nothing_gets_out_during_a_hold_even_from_a_flight_that_began_before'),
    },
    {
      without: 'null for nobody, among the answers that are no token',
      file: 'pkg/src/core/answer.ts', from: 'if (token === null || (token === undefined && !boxed)) return -1', to: '',
      tests: node('package/session', 'null is nobody, and is not kept'),
    },
  ],
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
  H9: [
    {
      without: 'the number of the generation',
      file: FENCES, from: 'self.generation += 1;\n        self.uncalibrate();', to: 'self.uncalibrate();',
      tests: auth('identity::every_change_is_a_generation_and_equal_reports_are_not'),
    },
    {
      without: 'the end of what is kept and under way when somebody else comes',
      file: FENCES, from: 'self.fail_all(waiting, Why::IdentityChanged);\n        self.drop_tokens();', to: 'self.fail_all(waiting, Why::IdentityChanged);',
      tests: auth('identity::a_new_generation_stands_before_anything_else_is_told', 'interleavings::every_sequence_of_four_steps_with_a_call_in_the_air'),
    },
    {
      without: 'forgetting the flights of the one before',
      file: FENCES, from: 'if let Some(flight) = slot.take() {', to: 'if let Some(flight) = *slot {',
      tests: auth('identity::a_new_generation_stands_before_anything_else_is_told', 'interleavings::every_sequence_of_four_steps_with_a_call_in_the_air'),
    },
    {
      without: 'the end of waiting when somebody else comes',
      file: FENCES, from: 'self.fail_all(waiting, Why::IdentityChanged);\n        self.drop_tokens();', to: 'self.waiters = waiting;\n        self.drop_tokens();',
      tests: auth('identity::a_new_generation_stands_before_anything_else_is_told', 'interleavings::every_sequence_of_four_steps_with_a_call_in_the_air'),
    },
    {
      without: 'the fence before everything else',
      file: FENCES, from: 'self.effects.add(Effect::Fence(self.generation));\n        let waiting = std::mem::take(&mut self.waiters);\n        self.fail_all(waiting, Why::IdentityChanged);', to: 'let waiting = std::mem::take(&mut self.waiters);\n        self.fail_all(waiting, Why::IdentityChanged);\n        self.effects.add(Effect::Fence(self.generation));',
      tests: driver('fences::the_fence_stands_before_whoever_waits_is_told'),
    },
    {
      without: 'the end of requests that were sent',
      file: DRIVER, from: 'let old = call.generation < generation && ', to: 'let old = false && ',
      tests: driver('fences::in_every_phase_a_new_identity_ends_the_request_and_nothing_of_it_is_delivered', 'properties::every_call_ends_exactly_once_on_its_own_side_of_every_fence'),
    },
    {
      without: 'the fence for what stands in the queue to be sent',
      file: DRIVER, from: 'Action::Send(id, _) if !ours(&self.calls, id) => {}', to: '',
      tests: driver('fences::an_identity_reported_from_inside_a_port_fences_what_is_still_in_the_queue'),
    },
    {
      without: 'the fence for answers that stand in the queue',
      file: DRIVER, from: 'Action::Deliver(id) => self.actions.add(Action::Fail(id, why)),', to: '',
      tests: driver('fences::an_answer_in_the_queue_is_not_handed_over_after_a_fence'),
    },
    {
      without: 'the fence on delivery of a token',
      file: DRIVER, from: 'if lease.generation != self.manager.generation() => {', to: 'if false && lease.generation != self.manager.generation() => {',
      tests: driver('fences::a_token_in_the_queue_is_not_given_after_a_fence'),
    },
    {
      without: "the comparison of a token's user with the one who is signed in",
      file: LANDING, from: 'claims.subject.is_some_and(|s| s != *wanted)', to: 'claims.subject.is_some_and(|s| s != *wanted && false)',
      tests: auth('identity::a_token_of_another_user_is_refused_even_during_a_hold'),
    },
    {
      without: 'noticing another user by the token',
      file: LANDING, from: '(Some(before), Some(said)) if before.differs(&said) => self.noticed_another(now, key, before, said),', to: '',
      tests: auth('untold::an_untold_session_notices_another_user', 'places::a_change_of_user_session_or_organisation_in_a_token_is_another_identity'),
    },
    {
      without: 'the fence between the decision and the caller',
      file: SESSION, from: 'if (generation !== this.#generation) throw changed(this.#names[key])', to: 'void generation',
      tests: node('package/fences', 'a token that was decided on before the user changed is not handed to its caller'),
    },
    {
      without: 'the end of the connection',
      file: SESSION, from: 'old.abort(changed())', to: 'void old',
      tests: node('package/fences', 'a request of the one who left is aborted on the wire, not only forgotten'),
    },
  ],
  H10: [
    {
      without: 'force after a change of organisation',
      file: FENCES, from: 'self.entries.iter_mut().for_each(|e| e.must_force = Some(Reason::Identity));', to: '',
      tests: auth('places::the_first_token_of_each_key_after_a_move_is_forced_and_no_other'),
    },
    {
      without: 'force for the other keys, where a token told of the change',
      file: FENCES, from: 'moved.for_each(|(_, e)| e.must_force = Some(Reason::Identity));', to: 'drop(moved);',
      tests: auth('places::a_noticed_move_forces_the_other_keys'),
    },
    {
      without: 'the refusal to ask unforced when the budget is used up',
      file: FLIGHTS, from: 'let keeps_word = entry.must_force == Some(Reason::Forced) && ', to: 'let keeps_word = entry.must_force.is_some() && ',
      tests: auth('places::a_token_of_the_organisation_that_was_left_is_not_the_answer_when_no_forced_call_is_left'),
    },
    {
      without: 'telling a change of organisation from a change of user',
      file: PROVIDER, from: 'moved ? 3 : key ? 2', to: 'moved ? 2 : key ? 2',
      tests: node('package/places', 'after a move the first token of each template is forced, and only that one'),
    },
    {
      without: 'the comparison with the expected claim',
      file: 'pkg/src/core/org.ts', from: '=== org) return answer', to: '=== org || true) return answer',
      tests: node('package/places', 'one that stays with the old organisation is refused, after two more tries, with a word about the claim', 'outside every organisation, a token of one is not it'),
    },
  ],
  H11: [
    {
      without: 'the rule that a forced call does not join an older unforced one',
      file: FLIGHTS, from: '(forced && !flight.forced && ', to: '(false && ',
      tests: auth('flights::a_refusal_is_not_answered_by_an_older_flight_that_brings_the_refused_token_back'),
    },
    {
      without: 'one flight per key',
      file: FLIGHTS, from: 'if now.mono < flight.stuck_at(&self.policy) {', to: 'if false {',
      tests: auth('flights::ten_thousand_misses_are_one_call_and_keys_do_not_share', 'flights::twenty_refusals_of_one_lease_are_one_call').concat(driver('calls::twenty_refusals_are_one_call_and_twenty_replays')),
    },
    {
      without: 'the better token that is there already',
      file: MACHINE, from: '&& held.lease != refused', to: '&& held.lease != refused && false',
      tests: auth('flights::a_late_refusal_of_an_old_lease_costs_nothing').concat(driver('calls::a_refusal_of_the_old_token_after_the_refresh_costs_no_call')),
    },
    {
      without: 'keeping the refused token back while a better one is on its way',
      file: MACHINE, from: '                    && !replacing\n', to: '                    && (!replacing || true)\n',
      tests: auth('flights::twenty_refusals_of_one_lease_are_one_call'),
    },
    {
      without: 'the check that a forced call is answered by a forced flight',
      file: FLIGHTS, from: 'let unforced = !flight.forced && ', to: 'let unforced = false && ',
      tests: auth('found::who_forced_is_not_answered_by_the_unforced_call_that_overtook'),
    },
  ],
  H12: [
    {
      without: 'two at a time',
      file: MACHINE, from: '.count() >= ABREAST', to: '.count() >= ABREAST + 1_000',
      tests: auth('clocks::no_more_than_two_keys_are_renewed_at_once'),
    },
    {
      without: 'the calm after a wake, in the timer',
      file: FENCES, from: '.max(entry.rested(&self.policy, held.life)).max(self.calm);', to: '.max(entry.rested(&self.policy, held.life));',
      tests: auth('clocks::a_read_right_after_a_wake_does_not_renew_at_once_and_no_timer_spins_until_then'),
    },
    {
      without: 'the calm after a wake, when a token is read',
      file: FLIGHTS, from: 'entry.rested(&self.policy, held.life).max(self.calm)', to: 'entry.rested(&self.policy, held.life)',
      tests: auth('clocks::a_read_right_after_a_wake_does_not_renew_at_once_and_no_timer_spins_until_then'),
    },
    {
      without: 'the rule that only a page that is seen renews ahead of need',
      file: FENCES, from: '|| self.visible && ', to: '|| ',
      tests: auth('cache::an_unread_token_is_not_renewed_and_a_hidden_page_renews_nothing'),
    },
    {
      without: 'the rule that only what was read within a life is renewed ahead of need',
      file: FENCES, from: 'read + held.life >= at.max(now.mono)', to: '(read + held.life >= at.max(now.mono) || true)',
      tests: auth('cache::an_unread_token_is_not_renewed_and_a_hidden_page_renews_nothing'),
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
      file: FLIGHTS, from: '&& entry.forced.has(limit, now.mono)', to: '&& (entry.forced.has(limit, now.mono) || true)',
      tests: auth('flights::forced_calls_are_bounded_per_key_and_in_all'),
    },
    {
      without: 'the budget of all keys',
      file: FLIGHTS, from: 'self.forced_all.has(limit_all, now.mono) && ', to: '(self.forced_all.has(limit_all, now.mono) || true) && ',
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
  H14: [
    {
      without: 'the generic word for a refused token, 401',
      file: 'src/core/http.rs', from: 'head.status == 401', to: 'head.status == 0',
      tests: classify('fauna_instant_and_the_rest_by_status').concat(driver('calls::refused_it_is_replayed_once_with_a_better_token')),
    },
    {
      without: "Hasura's words for an expired token in a body with status 200",
      file: 'src/backends/hasura/classify.rs', from: '"JWTExpired", ', to: '',
      tests: classify('hasura_every_text_in_every_shape_and_at_every_cut'),
    },
    {
      without: "Hasura's words that no new token would cure",
      file: 'src/backends/hasura/classify.rs', from: '=> Verdict::Fail,', to: '=> Verdict::Refresh,',
      tests: classify('hasura_every_text_in_every_shape_and_at_every_cut'),
    },
    {
      without: "Convex's codes",
      file: 'src/backends/convex/classify.rs', from: '"Unauthenticated" | "TokenExpired" | "InvalidAuthHeader"', to: '"Unauthenticated"',
      tests: classify('convex_curable_codes_and_others'),
    },
    {
      without: 'the limit to one replay',
      file: CALL, from: '(!self.replayed || broken(Fault::ManyReplays))', to: 'true',
      tests: driver('calls::refused_it_is_replayed_once_with_a_better_token', 'calls::clocks_that_disagree_are_waited_for_with_the_same_token'),
    },
    {
      without: 'the facts of the token on the error',
      file: 'pkg/src/core/words.ts', from: 'token: concerned.test(code) ? facts(template, token) : undefined', to: 'token: concerned.test(code) && false ? facts(template, token) : undefined',
      tests: node('package/observability', 'the facts of the token are on every error that is about one, and on no other'),
    },
  ],
  H15: [
    {
      without: 'the question whether a body can be sent twice',
      file: CALL, from: '(self.plan.replayable || broken(Fault::AnyBody))', to: 'true',
      tests: driver('calls::a_body_that_cannot_be_sent_twice_is_not'),
    },
    {
      without: 'the refresh in the background after a refused upload',
      file: CALL, from: 'Next::Refused(lease, !self.replayed)', to: 'Next::Refused(lease, false)',
      tests: driver('calls::a_body_that_cannot_be_sent_twice_is_not'),
    },
    {
      without: 'the earlier refresh before an upload',
      file: DRIVER, from: 'if plan.replayable { Want::Any } else { Want::Ahead }', to: 'if plan.replayable { Want::Any } else { Want::Any }',
      tests: driver('calls::what_cannot_be_sent_twice_waits_for_a_token_that_is_not_about_to_be_renewed'),
    },
    {
      without: 'telling a stream from the other bodies',
      file: 'pkg/src/core/body.ts', from: "!(typeof ReadableStream === 'function' && body instanceof ReadableStream) && ", to: '',
      tests: node('package/bodies', 'a ReadableStream that cannot be iterated, as Safari’s, is a stream all the same'),
    },
    {
      without: 'telling an iterable body from the other bodies',
      file: 'pkg/src/core/body.ts', from: ' && !(Symbol.asyncIterator in Object(body))', to: '',
      tests: node('package/bodies', 'an async iterable is sent once, and its refusal handed over'),
    },
    {
      without: 'the copy of a Request that may have to be sent again',
      file: SESSION, from: 'request?.body ? request.clone() : input', to: 'request?.body ? request : input',
      tests: node('package/bodies', 'a Request with a body is sent again, byte for byte'),
    },
  ],
  H16: [
    {
      without: 'the boundary at the end of an origin',
      file: ENDPOINT, from: "prefix.ends_with('/') || matches!(rest.bytes().next(), None | Some(b'/' | b'?' | b'#'))", to: "prefix.ends_with('/') || !rest.starts_with('\\u{0}')",
      tests: endpoint('every_other_one_is_not', 'a_prefix_ends_at_a_boundary'),
    },
    {
      without: 'the refusal of plain http',
      file: ENDPOINT, from: 'if insecure || is_local(host)', to: 'if insecure || is_local(host) || true',
      tests: endpoint('plain_http_goes_to_this_machine_only'),
    },
    {
      without: 'the refusal of redirects',
      file: SESSION, from: "redirect: atEdge() ? 'manual' : 'error'", to: "redirect: atEdge() ? 'manual' : 'follow'",
      tests: node('package/origins', 'a redirect is not followed, to another origin or to the same'),
    },
    {
      without: 'the defaults that keep a request from cookies, caches and referrers',
      file: SESSION, from: "credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', ", to: '',
      tests: node('package/origins', 'what a request with a token is sent with, unless the caller says otherwise'),
    },
    {
      without: "the removal of the caller's own Authorization",
      file: SESSION, from: "else if (!door?.bare) headers.delete('authorization')", to: '',
      tests: node('package/origins', 'an Authorization of the caller’s own is never sent, with a token or without'),
    },
    {
      without: 'the refusal of cookies beside the token',
      file: SESSION, from: "if (init?.credentials === 'include')", to: "if (init?.credentials === 'include' && !url)",
      tests: node('package/session', 'tokens go to listed origins only; URLs and headers of the caller cannot change that'),
    },
  ],
  H17: [
    {
      without: 'the cut that takes what looks like a JWT out of every message',
      file: 'pkg/src/errors.ts', from: ".replace(/e[wy][\\w-]{15,}(\\.[\\w-]*){2,4}/g, '[secret]')", to: '',
      tests: node('package/canary', 'backends that repeat the token: refused, failed, and nonsense', 'config: a token where none belongs'),
    },
    {
      without: 'the cut that takes opaque tokens out of what others say',
      file: 'pkg/src/errors.ts', from: ".replace(/(?=[\\w+=-]*\\d)[\\w+=-]{24,}/g, '[secret]')", to: '',
      tests: node('package/canary', 'backends that repeat the token: refused, failed, and nonsense', 'leases, reject, fetch, classify, listeners, loggers, watch, signOut: whoever fails loudly'),
    },
    {
      without: 'the scrubbed copy in the place of the cause',
      file: 'pkg/src/errors.ts', from: 'message: scrub(cause) }', to: 'message: String(cause?.message ?? cause) }',
      tests: node('package/session', 'a provider that never settles, throws, or talks too much'),
    },
    {
      without: 'the short list of claims that inspect() shows',
      file: 'pkg/src/core/claims.ts', from: "take(payload, 'iss aud sub exp iat nbf')", to: "take(payload, 'iss aud sub exp iat nbf email')",
      tests: node('package/observability', 'claims that may be shown, of whatever is in the token'),
    },
  ],
  H18: [
    {
      without: 'the news that somebody left',
      file: PAGE, from: "say('left', last)", to: "say('rejected', last)",
      tests: node('browser/signals', 'B signs in in one tab while a request of A is in flight in the other'),
    },
    {
      without: 'asking the provider again when a tab says that somebody left',
      file: PAGE, from: 'heardAt = performance.now()\n          recheck()', to: 'heardAt = performance.now()',
      tests: node('browser/signals', 'sign out in one tab: the other sends nothing with the old token a second later'),
    },
    {
      without: 'asking once more, for a signal that overtook the provider',
      file: PAGE, from: 'setTimeout(() => connection.recheck(), AGAIN_MS)', to: '',
      tests: node('browser/signals', 'a signal that overtakes what the provider wrote down: it is asked once more'),
    },
    {
      without: 'forcing what is at hand: the signal alone is believed neither way',
      file: PAGE, from: 'command(op.invalidate, -1)\n    connection.recheck()', to: 'connection.recheck()',
      tests: node('browser/signals', 'not blind trust: a tab whose provider still vouches goes on, with a token that the provider gave after the signal'),
    },
    {
      without: 'ignoring what is about other people',
      file: PAGE, from: 'if (v !== 1 || who !== last) return', to: 'if (v !== 1) return',
      tests: node('browser/signals', 'other people’s, other versions’ and broken messages are ignored'),
    },
    {
      without: 'the rule that an answer to a signal is not passed on',
      file: PAGE, from: 'last !== undefined && (last !== heard || performance.now() - heardAt > ECHO_MS)', to: 'last !== undefined',
      tests: node('browser/signals', 'a provider that says "nobody" whenever it is watched cannot make two tabs answer each other for ever'),
    },
    {
      without: 'heeding a refusal that another tab tells of',
      file: PAGE, from: 'if (obtained && obtained < at && first(template!)) command(op.invalidate, key)', to: 'if (obtained && obtained < at) first(template!)',
      tests: node('browser/signals', 'a token that a backend refused in one tab is renewed in the others before they send it, once a minute'),
    },
  ],
  H19: [
    {
      without: 'asking the provider before anything is sent from a page that came back',
      file: PAGE, from: 'open()\n      recheck()\n      command(op.wake)', to: 'open()\n      command(op.wake)',
      tests: node('browser/life', 'put aside by "back": eligible while idle, the same page comes back, and the provider is asked before anything is sent'),
    },
    {
      without: 'listening again on a page that came back',
      file: PAGE, from: 'away = false\n      open()', to: 'away = false',
      tests: node('browser/life', 'put aside while the user leaves in another tab'),
    },
  ],
  H20: [
    {
      without: 'the rule that a service worker renews nothing ahead of need',
      file: PAGE, from: "+(visible && !('skipWaiting' in target))", to: '+visible',
      tests: node('browser/workers', 'a service worker sets no timer ahead of need, the others do; what a caller set for itself runs out all the same'),
    },
    {
      without: 'the check for a document',
      file: PAGE, from: 'target.document?.visibilityState', to: 'target.document!.visibilityState',
      tests: node('browser/workers', 'a service worker sets no timer ahead of need, the others do; what a caller set for itself runs out all the same'),
    },
    {
      without: 'the server that keeps nothing: every read asks',
      file: MACHINE, from: 'matches!(self.who, Who::Known(_)) && !self.policy.uncached', to: 'matches!(self.who, Who::Known(_))',
      tests: auth('cache::uncached_asks_for_every_read'),
    },
  ],
  H21: [
    {
      without: 'the end of the first session when a second one of its name starts',
      file: SESSION, from: '    other()\n', to: '',
      tests: node('package/session', 'dispose settles what waits; a second session of the same name disposes the first'),
    },
    {
      without: 'taking listeners and the channel away at the end',
      file: SESSION, from: 'for (const stop of this.#stop.splice(0)) stop()', to: 'this.#stop.splice(0)',
      tests: node('package/tabs', 'each session that is started has one channel, named by it, until it is disposed'),
    },
    {
      without: 'the answer to everybody who waits at the end',
      file: FENCES, from: 'self.fail_all(waiting, Why::Disposed);', to: 'drop(waiting);',
      tests: auth('answers::the_end_tells_everybody_and_stays_the_end'),
    },
    {
      without: 'the end of the timer',
      file: FENCES, from: 'if self.disposed {\n            return None;\n        }', to: '',
      tests: auth('answers::the_end_tells_everybody_and_stays_the_end').concat(driver('calls::after_the_end_there_is_no_timer_and_no_token')),
    },
  ],
  H22: [
    {
      without: 'the turn that an unmounted provider waits before it lets go',
      file: 'pkg/src/react/seat.ts', from: 'this.#timer = setTimeout(() => this.#settle())', to: 'this.#settle()',
      tests: node('package/react-identity', 'mounted, unmounted and mounted again in one turn: one call of the provider; unmounted for good: calls wait and say what is missing'),
    },
    {
      without: 'the comparison of identities by value',
      file: 'pkg/src/react/seat.ts', from: '(!!a && !!b && a.user === b.user', to: '(!!a && !!b && a === b && a.user === b.user',
      tests: node('package/react-identity', 'equal identities and new functions at every render: no connection, no call, no event, no other key'),
    },
    {
      without: 'the turn after which listeners are told',
      file: 'pkg/src/core/observers.ts', from: 'queueMicrotask(() => {', to: ';((tell: () => void) => tell())(() => {',
      tests: node('package/observability', 'a listener may call back into the session; what that causes comes later', 'each event exactly when it should, in order'),
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
  H24: [
    {
      without: 'the refusal of a provider that asks for what it is asked for',
      file: MACHINE, from: 'if self.asking == Some(key) {', to: 'if self.asking == Some(key) && false {',
      tests: auth('answers::a_provider_that_asks_for_what_it_is_asked_for_is_told_so').concat(driver('fences::a_provider_that_fetches_through_the_session_is_told_so')),
    },
    {
      without: 'the queue that whoever calls back adds to',
      file: DRIVER, from: 'if self.pumping.replace(true) {', to: 'if self.pumping.replace(true) && false {',
      tests: driver('fences::an_answer_in_the_queue_is_not_handed_over_after_a_fence', 'fences::a_provider_that_fetches_through_the_session_is_told_so', 'fences::an_identity_reported_from_inside_a_port_fences_what_is_still_in_the_queue'),
    },
    {
      without: 'the slot that a caller who aborts frees',
      file: MACHINE, from: 'self.waiters.retain(|w| w.who != who);', to: 'let _ = who;',
      tests: auth('flights::a_reader_that_left_is_forgotten_and_its_flight_goes_on'),
    },
    {
      without: 'the end of everything that waits when the wasm traps',
      file: 'pkg/src/core/failures.ts', from: 'if (error instanceof WebAssembly.RuntimeError) onTrap()', to: 'if (error instanceof WebAssembly.RuntimeError) void onTrap',
      tests: node('package/trap', 'a session in whose core an export traps rejects what waits, and serves the next call from a new one'),
    },
    {
      without: 'the next turn, for a getToken that throws at once',
      file: PROVIDER, from: 'queueMicrotask(() => failed(error))', to: 'failed(error)',
      tests: node('package/settles', 'a getToken that throws at once fails the call like one that rejects'),
    },
  ],
  H25: [
    {
      without: 'the lead of the consumer',
      file: FENCES, from: 'Some(lead) => held.expires_at(&self.skew) - DurationMs(lead.0.clamp(self.policy.margin(held.life, latency).0, held.life.0 / 2)),', to: 'Some(_) => held.refresh_at(&self.policy, &self.skew),',
      tests: auth('leases::the_next_lease_comes_at_the_lead_of_the_consumer'),
    },
    {
      without: 'the patience of a socket',
      file: MACHINE, from: 'Want::Next(..) => Mono::NEVER,', to: 'Want::Next(..) if false => Mono::NEVER,',
      tests: auth('leases::a_socket_waits_for_ever_and_renews_for_ever', 'leases::a_failing_provider_leaves_sockets_waiting'),
    },
    {
      without: 'the better token for a socket whose own was refused',
      file: FENCES, from: 'self.renew(now, key, lease);', to: 'let _ = Self::renew;',
      tests: auth('leases::refused_while_waiting_a_better_one_is_asked_for_at_once'),
    },
    {
      without: 'the timer for sockets',
      file: FENCES, from: 'matches!(w.want, Want::Next(..)) && !m.flying(w, now)', to: 'matches!(w.want, Want::Next(..)) && !m.flying(w, now) && false',
      tests: auth('leases::the_next_lease_comes_at_the_lead_of_the_consumer', 'leases::a_provider_that_hangs_is_asked_again_for_a_socket'),
    },
    {
      without: 'the next token at once, when the app says that its contents changed',
      file: FENCES, from: 'if dropped {', to: 'if dropped && false {',
      tests: auth('leases::an_invalidation_moves_sockets_now_and_by_force'),
    },
  ],
}
