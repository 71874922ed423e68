// Refusals, bodies, origins, and what may be said of a token.
import { classify, driver, endpoint, node } from './names.mjs'

const DRIVER = 'src/driver/session.rs'
const CALL = 'src/driver/call.rs'
const ENDPOINT = 'src/core/endpoint.rs'
const SESSION = 'pkg/src/core/session.ts'

/** @type {import('./names.mjs').Mutations} */
export default {
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
      file: SESSION, from: 'request && !/^(GET|HEAD)$/.test(request.method) ? request.clone() : input', to: 'request?.body ? request : input',
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
      tests: node('package/canary', '*'),
    },
    {
      without: 'the cut that takes opaque tokens out of what others say',
      file: 'pkg/src/errors.ts', from: ".replace(/(?=[\\w+=-]*\\d)[\\w+=-]{24,}/g, '[secret]')", to: '',
      tests: node('package/canary', '*'),
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
}
