// What a provider may answer: a token without an expiry, one that cannot be read, none.
import { auth, claims, driver, node } from './names.mjs'

const LANDING = 'src/auth/landing.rs'
const MACHINE = 'src/auth/machine.rs'
const CLAIMS = 'src/auth/claims.rs'
const DRIVER = 'src/driver/session.rs'
const SESSION = 'pkg/src/core/session.ts'

/** @type {import('./names.mjs').Mutations} */
export default {
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
}
