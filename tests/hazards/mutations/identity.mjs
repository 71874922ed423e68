// Another user, another organisation.
import { auth, driver, node } from './names.mjs'

const LANDING = 'src/auth/landing.rs'
const FLIGHTS = 'src/auth/flights.rs'
const FENCES = 'src/auth/fences.rs'
const DRIVER = 'src/driver/session.rs'
const SESSION = 'pkg/src/core/session.ts'
const PROVIDER = 'pkg/src/core/provider.ts'

/** @type {import('./names.mjs').Mutations} */
export default {
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
}
