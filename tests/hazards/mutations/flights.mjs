// Many calls at once, and calls from inside.
import { auth, driver, node } from './names.mjs'

const FLIGHTS = 'src/auth/flights.rs'
const FENCES = 'src/auth/fences.rs'
const MACHINE = 'src/auth/machine.rs'
const DRIVER = 'src/driver/session.rs'

/** @type {import('./names.mjs').Mutations} */
export default {
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
      without: 'the silence of an instance that is gone',
      file: 'pkg/src/core/failures.ts', from: 'if (dead()) return undefined', to: 'if (dead() && false) return undefined',
      tests: node('package/trap', 'the session, arguments and answers pass; of a dead instance nothing is asked any more'),
    },
  ],
}
