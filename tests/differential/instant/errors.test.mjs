// Every error that Instant can answer: what it becomes, in the server's own words, with what to do about it, and with nothing in it that is secret.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { appStatus, denied, expired, invalid, malformed, missing, notFound, oauthError, rateLimited, unknown } from '../../backends/instant/errors.mjs'
import { dist } from '../dist.mjs'
import { fakeJwt, stubSession } from '../stub-session.mjs'
import { scriptedInstant } from './server.mjs'

const { InstantAPIError, init } = await dist('instant.js')

const token = randomUUID()
const jwt = fakeJwt({ sub: 'alice', email: 'alice@example.com' })
const as = (/** @type {any} */ type, /** @type {any} */ message, /** @type {any} */ hint, status = 400) => ({ body: { type, message, hint, 'trace-id': 'ab'.repeat(16) }, status, headers: {} })

/** @param {import('node:test').TestContext} t */
const make = (t) => {
  const server = scriptedInstant(t)
  const db = init({ session: stubSession({ key: null }), template: 'instant', clientName: 'clerk', appId: 'app', apiURI: 'https://instant.test', storage: 'memory', logger: false })
  t.after(() => db.shutdown())
  /** What a sign-in with a code says to this answer. @param {{ body: any, status: number, headers?: any }} answer @param {() => Promise<unknown>} [ask] */
  const told = async ({ body, status, headers }, ask = () => db.auth.signInWithMagicCode({ email: 'a@b.c', code: '123456' })) => {
    server.answer = () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
    try {
      return await ask().then(() => assert.fail('it went well'), (/** @type {any} */ error) => error)
    } finally {
      server.answer = () => undefined
    }
  }
  const idToken = () => db.auth.signInWithIdToken({ clientName: 'clerk', idToken: jwt })
  return { server, db, told, idToken }
}

/** What it answers; the code; the message, if it is not the one answered; the advice. @type {[string, any, string, RegExp | undefined, RegExp | undefined][]} */
const table = [
  ['a parameter is missing', missing(['body', 'email']), 'param-missing', /^Missing parameter: \["body" "email"\]$/, /`body email`/],
  ['the app id is no UUID', malformed(['body', 'app-id'], 'app'), 'param-malformed', undefined, /`appId` is the UUID/],
  ['a stale session', notFound('app-user', { 'app-id': 'app', 'refresh-token': token }), 'record-not-found', /^Record not found: app-user$/, /Sign in again/],
  ['no such client', notFound('app-oauth-client', { 'client-name': 'clerk' }), 'record-not-found', undefined, /no OAuth client named "clerk"/],
  ['a wrong code', notFound('app-user-magic-code', { email: 'a@b.c', code: '123456' }), 'record-not-found', undefined, /code is wrong/],
  ['a used code of a redirect', notFound('app-oauth-code', { code: token }), 'record-not-found', undefined, /counts once/],
  ['no such app', notFound('app', { 'app-id': token }), 'record-not-found', undefined, /`appId`/],
  ['an old code', expired('app-user-magic-code', { code: '123456' }), 'record-expired', undefined, /too old/],
  ['an old redirect', expired('app-oauth-redirect', {}), 'record-expired', undefined, /ten minutes/],
  ['not unique', as('record-not-unique', 'Record not unique: users', { 'record-type': 'users' }), 'record-not-unique', undefined, /unique/],
  ['the origin', invalid('origin', 'https://evil.test', ['Unauthorized origin.']), 'validation-failed', /^Validation failed for origin: Unauthorized origin\.$/, /Register "shop\.test:8443" under Auth > Origins in the Instant dashboard/],
  ['the redirect', invalid('redirect-uri', 'https://evil.test', ['Invalid redirect uri.']), 'validation-failed', undefined, /"shop\.test:8443"/],
  ['the verifier', invalid('app-oauth-code', token, ['The code_verifier does not match.']), 'validation-failed', undefined, /PKCE/],
  ['extra fields', invalid('extra-fields', { secret: token }, ['There is no attribute plan on $users.']), 'validation-failed', undefined, /attributes of `\$users`/],
  ['the rule for new users', denied('$users', 'create'), 'permission-denied', undefined, /`\$users create`.*`extraFields`/],
  ['a rule for rows', denied('todos', 'update'), 'permission-denied', undefined, /^The permission rule `todos update` of the Instant app refused this$/],
  ['a broken rule', as('permission-evaluation-failed', 'Could not evaluate permission rule for `todos.view`.', { rule: ['todos', 'view'] }), 'permission-evaluation-failed', undefined, /`todos view`/],
  ['read only', appStatus('read-only'), 'app-read-only', undefined, /existing sessions go on/],
  ['switched off', appStatus('disabled'), 'app-disabled', undefined, /switched off/],
  ['sign-ups closed', as('signups-closed', 'Sign-ups are closed.', { sunset: true }), 'signups-closed', /^Sign-ups are closed\.$/, undefined],
  ['a limit', rateLimited(90), 'rate-limited', undefined, /^Try again at 20\d\d-.*Z, in 90 s\. .*20 magic codes/],
  ['a slow query', as('timeout', 'Query timed out.', undefined, 429), 'backend', /^Query timed out\.$/, /too long/],
  ['mail', as('email-send-failed', 'Could not send.', { 'debug-uri': 'https://x' }, 500), 'email-send-failed', undefined, /mail provider/],
  ['SQL', as('sql-exception', 'SQL Exception: boom', {}, 500), 'sql-exception', /boom/, undefined],
  ['its own mistake', unknown(), 'unknown', /Something went wrong/, undefined],
  ['the issuer is out of reach', oauthError('Unable to fetch OAuth configuration.'), 'oauth-error', /^Unable to fetch/, /"clerk".*public addresses/],
  ['two users', oauthError('Could not disambiguate between multiple users for this account.'), 'oauth-error', undefined, /Several users/],
  ['a type of tomorrow', as('brand-new', 'Something new.', { secret: token }), 'brand-new', /^Something new\.$/, undefined],
  ['a proxy’s page', { status: 502, body: '<html><head><style>b{}</style><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>' }, 'backend', /^HTTP 502: 502 Bad Gateway nginx$/, /proxy/],
  ['nothing', { status: 503, body: '' }, 'backend', /^HTTP 503$/, /proxy/],
  ['a list', { status: 400, body: [{ type: 'param-missing' }] }, 'backend', /^API Error \(400\)$/, /proxy/],
  ['null', { status: 500, body: 'null' }, 'backend', /^API Error \(500\)$/, /proxy/],
  ['a hint that is none', as('record-not-found', 'Record not found: app-user', 'gone'), 'record-not-found', undefined, /Sign in again/],
]

test('every answer is an error with its code, its words and what to do', async (t) => {
  /** @type {any} */ (globalThis).location = { host: 'shop.test:8443', href: 'https://shop.test:8443/' }
  t.after(() => delete (/** @type {any} */ (globalThis).location))
  const { told } = make(t)
  for (const [name, answer, code, message, hint] of table) {
    const error = await told(answer)
    assert.ok(error instanceof InstantAPIError, `${name}: ${error}`)
    assert.deepEqual([error.code, error.status, error.retryable], [code, answer.status, answer.status === 429 || answer.status >= 500], name)
    assert.match(error.message, message ?? new RegExp(`^${(answer.body.message ?? answer.body.error).replace(/[$^()[\]|.?*+\\]/g, '\\$&')}$`), name)
    if (hint) assert.match(error.hint ?? '', hint, name)
    else assert.equal(error.hint, undefined, name)
    if (answer.body?.['trace-id']) assert.equal(error.body.traceId, answer.body['trace-id'], name)
  }
})

test('who has to act: the developer for what is registered, the token where the server read it', async (t) => {
  const { told, idToken } = make(t)
  for (const [answer, kind] of /** @type {[any, string][]} */ ([
    [invalid('origin', '', ['Unauthorized origin.']), 'config'], [notFound('app-oauth-client', {}), 'config'], [notFound('app', {}), 'config'], [appStatus('read-only'), 'backend'],
  ]))
    assert.equal((await told(answer)).kind, kind)
  for (const [answer, code, hint] of /** @type {[any, string, any][]} */ ([
    [oauthError('Error validating JWT. Signature is invalid.'), 'token_rejected', 'the doctor says'],
    [invalid('id_token', jwt, ['The nonces do not match.']), 'token_rejected', 'the doctor says'],
    [oauthError('Unable to fetch OAuth configuration.'), 'oauth-error', /public addresses/],
    [unknown(), 'unknown', /token from the future/],
  ])) {
    const error = await told(answer, idToken)
    assert.equal(error.code, code)
    if (typeof hint === 'string') assert.equal(error.hint, hint)
    else assert.match(error.hint, hint)
  }
  assert.equal((await told(oauthError('Invalid code.'))).code, 'oauth-error', 'no identity token was sent')
})

test('how long to wait: as the body says, or the headers', async (t) => {
  const { told } = make(t)
  const limit = (/** @type {any} */ hint, /** @type {any} */ headers = {}) => told({ status: 429, body: { type: 'rate-limited', message: 'slow', hint }, headers })
  assert.equal((await limit({ 'retry-after': 7 }, { 'retry-after': '9' })).retryAfterMs, 7000)
  assert.equal((await limit({}, { 'retry-after': '9' })).retryAfterMs, 9000)
  for (const error of [await limit({ 'retry-at': new Date(Date.now() + 60_000).toISOString() }), await limit(undefined, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })])
    assert.ok(error.retryAfterMs > 50_000 && error.retryAfterMs <= 60_000, String(error.retryAfterMs))
  for (const hint of [{ 'retry-after': 'soon' }, { 'retry-at': 'soon' }, { 'retry-after': -4 }]) assert.equal((await limit(hint, { 'retry-after': 'soon' })).retryAfterMs, 0)
  assert.match((await limit(undefined)).hint, /^Try again later/)
})

test('a 200 that is no object of JSON is a mistake of the address, not a result', async (t) => {
  const { told, db, server } = make(t)
  for (const body of ['<html>Sign in to the hotel’s network</html>', '', '[]', 'null', '"yes"']) assert.equal((await told({ status: 200, body })).code, 'protocol', body)
  assert.equal((await told({ status: 200, body: { user: { id: 'no session' } } })).code, 'protocol')
  const user = server.issue('alice')
  await db.auth.signInWithToken(user.refresh_token)
  const error = await told({ status: 200, body: '<html>single page</html>' }, () => db.queryOnce({ todos: {} }))
  assert.match(`${error.code} ${error.message} ${error.hint}`, /^protocol instant: .*single page.*`apiURI`/)
})

test('no secret that the server echoes is in an error: not in its words, advice, body, cause or stack', async (t) => {
  const { told, idToken, server, db } = make(t)
  const user = server.issue('alice')
  await db.auth.signInWithToken(user.refresh_token)
  const secrets = [token, jwt, user.refresh_token, '123456']
  for (const secret of secrets) {
    const echo = { input: secret, args: [{ 'refresh-token': secret, code: secret }], 'original-input': secret, 'original-event': { 'refresh-token': secret }, errors: [{ in: ['x'], hint: secret }], data: secret }
    const answers = [
      as('param-malformed', 'Malformed parameter: ["body" "refresh-token"]', echo), as('record-not-found', 'Record not found: app-user', { 'record-type': 'app-user', ...echo }),
      as('validation-failed', 'Validation failed for id_token: no.', { 'data-type': 'id_token', ...echo }), as('permission-denied', 'Permission denied', { ...echo, expected: secret }),
      as('unknown', 'Something went wrong.', echo, 500), as('new', 'x', { ...echo, 'original-event': { 'refresh-token': secret } }), { status: 400, body: { 'original-event': { 'refresh-token': secret } } },
    ]
    // A code has six digits and is not told from a number: only what the server says in words can have it, and it does not.
    if (secret.length > 6) answers.push(as('validation-failed', `Validation failed for token ${secret}`, { 'data-type': secret, errors: [{ message: secret }] }), as(secret, `x ${secret}`, { in: [secret], rule: [secret] }), { status: 502, body: `<p>${secret}</p>` }, { status: 200, body: `<p>${secret}</p>` }, { status: 400, body: { type: 'oauth-error', error: secret, 'trace-id': secret } })
    for (const answer of answers)
      for (const ask of [undefined, idToken, () => db.queryOnce({ todos: {} })]) {
        const error = await told(answer, ask)
        const all = [error.message, error.hint, JSON.stringify(error), error.stack, inspect(error, { depth: 9, showHidden: true })].join('\n')
        for (const known of secrets) assert.ok(!all.includes(known), `${JSON.stringify(answer.body)} shows ${known.slice(0, 8)}…`)
      }
  }
})
