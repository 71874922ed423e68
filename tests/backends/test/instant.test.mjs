import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { init as initAdmin } from '@instantdb/admin'
import { init } from '@instantdb/core'
import { SignJWT } from 'jose'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { startInstant } from '../instant/server.mjs'
import { smoke } from '../instant/smoke.mjs'
import { ORIGIN, rawSession, tinyIssuer } from './instant-place.mjs'

/** @type {any} */ let issuer, instant

const call = async (/** @type {string} */ path, /** @type {any} */ body, /** @type {any} */ headers = {}) => {
  const response = await fetch(instant.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : undefined }
}
const exchange = async (/** @type {any} */ token, /** @type {any} */ extra = {}, headers = { origin: ORIGIN }) =>
  call('/runtime/oauth/id_token', { app_id: APP, client_name: 'clerk', id_token: await token, ...extra }, headers)
const signIn = async (/** @type {any} */ claims = {}, /** @type {any} */ extra = {}) => (await exchange(issuer.sign(claims), extra)).json.user
const said = (/** @type {any} */ { status, json }) => [status, json.type, json.error ?? json.message]

before(async () => {
  issuer = await tinyIssuer()
})
after(() => issuer?.stop())
beforeEach(async () => {
  instant = await startInstant({ port: 0, issuers: { clerk: { issuer: issuer.url }, auth0: { issuer: issuer.url } }, pageOrigins: [ORIGIN], clients: [{ name: 'gone', provider: 'gone', discovery: `${issuer.url}/none` }] })
  issuer.knobs.broken = 0
})
afterEach(() => instant.stop())

describe('sign-in with an id token', () => {
  const now = () => Math.floor(Date.now() / 1000)
  const oauth = (/** @type {string} */ text) => [400, 'oauth-error', text]
  const idToken = (/** @type {string} */ text) => [400, 'validation-failed', `Validation failed for id_token: ${text}`]
  /** @type {[string, () => any, any[]][]} */
  const table = [
    ['no token', () => exchange(undefined), [400, 'param-missing', 'Missing parameter: ["body" "id_token"]']],
    ['blank token', () => exchange(' '), [400, 'param-malformed', 'Malformed parameter: ["body" "id_token"]']],
    ['app id that is none', () => exchange('x', { app_id: 'x' }), [400, 'param-malformed', 'Malformed parameter: ["body" "app_id"]']],
    ['refresh token that is none', () => exchange('x', { refresh_token: 'x' }), [400, 'param-malformed', 'Malformed parameter: ["body" "refresh_token"]']],
    ['unknown client', () => exchange('x', { client_name: 'nobody' }), [400, 'record-not-found', 'Record not found: app-oauth-client']],
    ['other app', () => exchange('x', { app_id: randomUUID() }), [400, 'record-not-found', 'Record not found: app-oauth-client']],
    ['strange origin', () => exchange(issuer.sign(), {}, { origin: 'http://localhost:3000' }), [400, 'validation-failed', 'Validation failed for origin: Unauthorized origin.']],
    ['opaque token', () => exchange('opaque'), oauth('Invalid JWT.')],
    ['HS256', async () => exchange(new SignJWT({ sub: 'x' }).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32))), oauth('Unsupported signing algorithm HS256')],
    ['unknown key', () => exchange(issuer.sign({}, { kid: 'other' })), oauth('Error validating JWT. Could not find signing key.')],
    ['wrong key', () => exchange(issuer.sign({}, { key: issuer.pairs.other.privateKey })), oauth('Error validating JWT. Signature is invalid.')],
    ['key of another kind', () => exchange(issuer.sign({}, { alg: 'ES256', key: issuer.pairs.ec.privateKey })), oauth('Error validating JWT. Algorithm Mismatch')],
    ['expired this very second', () => exchange(issuer.sign({ exp: now() })), oauth('Error validating JWT. Token is expired.')],
    ['issued in the future', () => exchange(issuer.sign({ iat: now() + 30 })), [500, 'unknown', 'Something went wrong. Sorry about this!']],
    ['nonce not in the token', () => exchange(issuer.sign(), { nonce: 'n' }), idToken('The id_token is missing a nonce.')],
    ['nonce not sent', () => exchange(issuer.sign({ nonce: 'n' })), idToken('The nonce parameter was not provided in the request.')],
    ['other nonce', () => exchange(issuer.sign({ nonce: 'n' }), { nonce: 'm' }), idToken('The nonces do not match.')],
    ['no subject', () => exchange(issuer.sign({ sub: undefined })), idToken('The id_token had no subject.')],
    ['stale refresh token', () => exchange(issuer.sign(), { refresh_token: randomUUID() }), [400, 'record-not-found', 'Record not found: app-user']],
    ['system field', () => exchange(issuer.sign(), { extra_fields: { type: 'x' } }), [400, 'validation-failed', 'Validation failed for extra-fields: type is a system field.']],
  ]
  for (const [name, run, expected] of table) {
    test(`refused: ${name}`, async () => assert.deepEqual(said(await run()), expected))
  }

  test('refused: another issuer, and discovery that fails', async () => {
    assert.deepEqual(said(await exchange(issuer.sign({ iss: 'https://elsewhere.test' }))), idToken(`The id_token wasn't issued by ${issuer.url}.`))
    issuer.knobs.broken = 500
    assert.deepEqual(said(await exchange('x', { client_name: 'gone' })), oauth('Unable to fetch OAuth configuration.'))
  })

  test('secrets are echoed in hints, and oauth errors have neither message nor hint', async () => {
    const token = await issuer.sign({ nonce: 'n' })
    assert.equal((await exchange(token)).json.hint.input, token)
    const stale = randomUUID()
    assert.equal((await exchange(issuer.sign(), { refresh_token: stale })).json.hint.args[0]['refresh-token'], stale)
    assert.equal((await exchange(issuer.sign(), {}, { origin: 'http://evil.test' })).json.hint.errors[0].message, 'Unauthorized origin.')
    assert.deepEqual(Object.keys((await exchange('opaque')).json).sort(), ['error', 'trace-id', 'type'])
  })

  test('a user comes out; the same user keeps the token, another gets a new one and the old one lives on', async () => {
    const { status, json } = await exchange(issuer.sign({ picture: 'https://img.test/a.png' }))
    assert.deepEqual([status, json.created, json.user.email, json.user.type, json.user.isGuest, json.user.imageURL, json.user.app_id], [200, true, 'alice@example.com', 'user', false, 'https://img.test/a.png', APP])
    const again = await exchange(issuer.sign(), { refresh_token: json.user.refresh_token })
    assert.deepEqual([again.json.created, again.json.user.refresh_token], [false, json.user.refresh_token])
    const second = await signIn()
    assert.notEqual(second.refresh_token, json.user.refresh_token)
    const bob = await signIn({ sub: 'user_bob', email: 'bob@example.com' }, { refresh_token: second.refresh_token })
    assert.notEqual(bob.id, second.id)
    assert.equal(instant.liveTokens().length, 3)
  })

  test('the other issuer leads to the same user by address; ES256, hashed nonce, no Origin', async () => {
    const alice = await signIn()
    const other = await exchange(issuer.sign({ sub: 'auth0|alice', aud: 'local-spa', nonce: createHash('sha256').update('n').digest('hex') }, { alg: 'ES256', kid: 'ec' }), { client_name: 'auth0', nonce: 'n' }, /** @type {any} */ ({}))
    assert.equal(other.json.user.id, alice.id)
  })

  test('an address that is not verified by a boolean is dropped, not refused', async () => {
    for (const email_verified of [undefined, false, 'true']) assert.equal((await signIn({ email_verified })).email, null)
    assert.equal((await signIn({ email_verified: 'true' })).id, (await signIn({ email: undefined })).id)
  })

  test('a sign-in that changes the user is told to who watches', async () => {
    const session = await rawSession(instant)
    await session.init((await signIn()).refresh_token)
    await session.ask({ op: 'add-query', q: { $users: {} }, 'return-type': 'tree' })
    await signIn({ picture: 'https://img.test/b.png' })
    const { computations: [{ 'instaql-result': { $users: [user] } }] } = await session.frame((f) => f.op === 'refresh-ok')
    assert.equal(user.imageURL, 'https://img.test/b.png')
    session.end()
  })

  test('guests: promoted in place, or linked to the user who was there', async () => {
    const guest = (await call('/runtime/auth/sign_in_guest', { 'app-id': APP })).json.user
    assert.deepEqual([guest.type, guest.isGuest, guest.email], ['guest', true, null])
    const promoted = await signIn({}, { refresh_token: guest.refresh_token })
    assert.deepEqual([promoted.id, promoted.type, promoted.refresh_token], [guest.id, 'user', guest.refresh_token])
    const second = (await call('/runtime/auth/sign_in_guest', { 'app-id': APP })).json.user
    assert.equal((await signIn({}, { refresh_token: second.refresh_token })).id, promoted.id)
    const linked = await call('/runtime/auth/verify_refresh_token', { 'app-id': APP, 'refresh-token': second.refresh_token })
    assert.equal(linked.json.user.linkedPrimaryUser, promoted.id)
  })

  test('a rotated key is refused while the cached keys are fresh for long, found when they are not', async () => {
    const rotating = await tinyIssuer()
    const start = () => startInstant({ port: 0, issuers: { clerk: { issuer: rotating.url } } })
    const [slow, quick] = await Promise.all([start(), start()])
    const attempt = async (/** @type {any} */ server, kid = 'rsa') => (await fetch(`${server.url}/runtime/oauth/id_token`, { method: 'POST', body: JSON.stringify({ app_id: APP, client_name: 'clerk', id_token: await rotating.sign({}, { kid }) }) })).status
    assert.equal(await attempt(slow), 200)
    rotating.knobs.maxAge = 60
    assert.equal(await attempt(quick), 200)
    await rotating.rotate()
    assert.deepEqual([await attempt(slow, 'other'), await attempt(quick, 'other')], [400, 200])
    await fetch(`${slow.url}/__knobs`, { method: 'POST', body: '{"forgetKeys":true}' })
    assert.equal(await attempt(slow, 'other'), 200)
    await Promise.all([slow.stop(), quick.stop(), rotating.stop()])
  })
})

describe('the other ways in and out', () => {
  const verify = (/** @type {string} */ token, app = APP) => call('/runtime/auth/verify_refresh_token', { 'app-id': app, 'refresh-token': token })

  test('verify, sign out (twice), revoked by knob', async () => {
    const { refresh_token: token, id } = await signIn()
    assert.equal((await verify(token)).json.user.id, id)
    assert.equal((await verify(token, randomUUID())).status, 400)
    for (let i = 0; i < 2; i += 1) assert.deepEqual((await call('/runtime/signout', { app_id: APP, refresh_token: token })).json, {})
    assert.deepEqual(said(await verify(token)), [400, 'record-not-found', 'Record not found: app-user'])
    const second = (await signIn()).refresh_token
    await call('/__knobs', { revoke: 'alice@example.com' })
    assert.equal((await verify(second)).status, 400)
  })

  test('magic codes', async () => {
    const send = (/** @type {string} */ email) => call('/runtime/auth/send_magic_code', { 'app-id': APP, email })
    const check = (/** @type {any} */ code) => call('/runtime/auth/verify_magic_code', { 'app-id': APP, email: 'Carol@Example.com', code })
    assert.deepEqual(said(await send('nobody')), [400, 'param-malformed', 'Malformed parameter: ["body" "email"]'])
    assert.deepEqual((await send(' Carol@example.com ')).json, { sent: true })
    assert.deepEqual(said(await check('000000')), [400, 'record-not-found', 'Record not found: app-user-magic-code'])
    const { json } = await check(instant.lastMagicCode('carol@example.com'))
    assert.deepEqual([json.created, json.user.email], [true, 'carol@example.com'])
    for (let i = 0; i < 19; i += 1) await send('carol@example.com')
    const limited = await send('carol@example.com')
    assert.deepEqual([limited.status, limited.json.type, typeof limited.json.hint['retry-after']], [429, 'rate-limited', 'number'])
  })

  test('knobs: rate limit, 500, HTML 502, read-only, disabled, rejected token', async () => {
    const alice = await signIn()
    const knobs = instant.knobs
    knobs.rateLimit = 7
    const limited = await verify(alice.refresh_token)
    assert.deepEqual([limited.status, limited.headers.get('retry-after'), limited.json.hint['retry-after']], [429, '7', 7])
    Object.assign(knobs, { rateLimit: null, unknown500Next: 1, html502Next: 1, rejectNext: 0 })
    const html = await verify(alice.refresh_token)
    assert.deepEqual([html.status, html.headers.get('content-type'), html.json], [502, 'text/html', undefined])
    assert.deepEqual([(await verify(alice.refresh_token)).json.type, (await verify(alice.refresh_token)).status], ['unknown', 200])
    knobs.readOnly = true
    assert.deepEqual([(await exchange(issuer.sign())).json.type, (await exchange(issuer.sign(), { refresh_token: alice.refresh_token })).status, (await verify(alice.refresh_token)).status], ['app-read-only', 200, 200])
    assert.deepEqual((await call('/runtime/auth/sign_in_guest', { 'app-id': APP })).json.hint, { status: 'read-only' })
    Object.assign(knobs, { readOnly: false, disabled: true })
    assert.equal((await verify(alice.refresh_token)).json.type, 'app-disabled')
    Object.assign(knobs, { disabled: false, rejectNext: 1 })
    assert.deepEqual([(await verify(alice.refresh_token)).status, (await verify(alice.refresh_token)).status], [400, 200])
    assert.ok(!(await (await fetch(`${instant.url}/__log`)).text()).includes(alice.refresh_token))
  })

  test('CORS is open to all; unknown routes are 404, of sockets too', async () => {
    const preflight = await fetch(`${instant.url}/admin/query`, { method: 'OPTIONS', headers: { origin: 'https://any.test', 'access-control-request-method': 'POST', 'access-control-request-headers': 'app-id,as-token' } })
    assert.deepEqual(['allow-origin', 'allow-headers', 'max-age', 'allow-credentials'].map((h) => preflight.headers.get(`access-control-${h}`)), ['https://any.test', 'app-id,as-token', '600', null])
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${instant.url.replace('http', 'ws')}/runtime/nowhere`)
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_req, res) => resolve(res.statusCode))
      socket.on('error', () => {})
    })
    socket.terminate()
    assert.equal(status, 404)
    assert.equal((await call('/runtime/nowhere', {})).status, 404)
  })
})

describe('data with a refresh token', () => {
  const headers = (/** @type {any} */ user) => ({ 'app-id': APP, ...(user ? { 'as-token': user.refresh_token } : { 'as-guest': 'true' }) })
  const ask = async (/** @type {any} */ user, /** @type {any} */ query, /** @type {any} */ extra = {}) => (await call('/admin/query', { query, ...extra }, headers(user))).json
  const change = (/** @type {any} */ user, /** @type {any[]} */ ...steps) => call('/admin/transact', { steps }, headers(user))
  const texts = (/** @type {any} */ result) => result.todos?.map((/** @type {any} */ t) => t.text) ?? result

  test('each person sees their own rows, a guest none; the token is what decides', async () => {
    const [alice, bob] = [await signIn(), await signIn({ sub: 'user_bob', email: 'bob@example.com' })]
    const mine = texts(await ask(alice, { todos: {} }))
    assert.ok(mine.length === 3 && mine.every((/** @type {string} */ t) => t.startsWith('Alice: ')))
    assert.ok(texts(await ask(bob, { todos: {} })).every((/** @type {string} */ t) => t.startsWith('Bob: ')))
    assert.deepEqual(await ask(null, { todos: {}, nothing: {} }), { todos: [], nothing: [] })
    assert.deepEqual((await ask(alice, { $users: {} })).$users.map((/** @type {any} */ u) => u.email), ['alice@example.com'])
    assert.deepEqual(said(await call('/admin/query', { query: {} }, { 'app-id': APP, 'as-token': randomUUID() })), [400, 'record-not-found', 'Record not found: app-user'])
    assert.deepEqual(said(await call('/admin/query', { query: {} }, { 'app-id': APP, 'as-token': 'x' })), [400, 'param-malformed', 'Malformed parameter: ["headers" "as-token"]'])
    assert.deepEqual(said(await call('/admin/query', { query: {} }, { 'app-id': APP })), [400, 'param-missing', 'Missing parameter: ["headers" "authorization"]'])
  })

  test('where, order, limit, offset, fields, links', async () => {
    const alice = await signIn()
    const by = async (/** @type {any} */ options) => texts(await ask(alice, { todos: { $: options } }))
    const [fence, juggle, write] = ['Alice: paint the fence', 'Alice: learn to juggle', 'Alice: write to Bob']
    assert.deepEqual(await by({ where: { done: true } }), [write])
    assert.deepEqual(await by({ where: { done: { $ne: true } } }), [fence, juggle])
    assert.deepEqual(await by({ where: { priority: { $gte: 2 }, done: false } }), [juggle])
    assert.deepEqual(await by({ where: { text: { $in: [fence, write] } } }), [fence, write])
    assert.deepEqual(await by({ where: { text: { $like: '%to%' } } }), [juggle, write])
    assert.deepEqual([await by({ where: { text: { $like: 'ALICE%' } } }), (await by({ where: { text: { $ilike: 'ALICE: _a%' } } }))], [[], [fence]])
    assert.deepEqual(await by({ where: { or: [{ priority: 1 }, { and: [{ priority: 3 }, { done: true }] }] } }), [fence, write])
    assert.deepEqual(await by({ where: { 'project.slug': 'alice-house' } }), [fence, juggle])
    assert.deepEqual(await by({ where: { 'project.slug': { $ne: 'alice-house' } } }), [write])
    assert.deepEqual(await by({ where: { project: { $isNull: true } } }), [write])
    assert.deepEqual(await by({ order: { text: 'asc' } }), [juggle, fence, write])
    assert.deepEqual(await by({ order: { serverCreatedAt: 'desc' }, limit: 1 }), [write])
    assert.deepEqual([await by({ limit: 1, offset: 1 }), await by({ last: 1 })], [[juggle], [write]])
    const tree = await ask(alice, { projects: { $: { fields: ['slug'] }, todos: { $: { order: { priority: 'desc' }, fields: ['text'] } } } })
    assert.deepEqual(tree.projects.map((/** @type {any} */ p) => [Object.keys(p).sort(), p.todos.map((/** @type {any} */ t) => [Object.keys(t).sort(), t.text])]), [[['id', 'slug', 'todos'], [[['id', 'text'], juggle], [['id', 'text'], fence]]]])
    const query = { todos: { $: { limit: 1 }, project: {} } }
    assert.ok(Array.isArray((await ask(alice, query)).todos[0].project))
    assert.equal((await ask(alice, query, { 'inference?': true })).todos[0].project.slug, 'alice-house')
  })

  test('what is not understood is refused', async () => {
    const alice = await signIn()
    for (const [options, pattern] of /** @type {[any, RegExp][]} */ ([
      [{ after: [1] }, /Expected a join row/], [{ aggregate: 'count' }, /`aggregate` is not supported/], [{ sort: 1 }, /Unknown option `sort`/],
      [{ limit: 0 }, /positive integer/], [{ limit: 1, first: 1 }, /Only one of/], [{ order: { note: 'asc' } }, /must be indexed and typed/], [{ order: { text: 'up' } }, /"asc" or "desc"/],
      [{ where: { done: 'yes' } }, /data type of `todos\.done` is `boolean`/], [{ where: { text: { $gt: 'a', $lt: 'b' } } }, /exactly one operator/], [{ where: { text: { $regex: 'a' } } }, /exactly one operator/],
      [{ where: { or: [] } }, /must be a list that is not empty/], [{ where: { 'nowhere.name': 1 } }, /no link `nowhere`/], [{ where: { project: 'x' } }, /compared with a uuid/],
    ])) {
      const answer = await ask(alice, { todos: { $: options } })
      assert.equal(answer.type, 'validation-failed', JSON.stringify(options))
      assert.match(answer.message, pattern)
    }
    assert.match((await ask(alice, { projects: { todos: { $: { offset: 1 } } } })).message, /top-level/)
  })

  test('transactions: create, update, merge, link, unlink, delete; all or nothing', async () => {
    const alice = await signIn()
    const id = randomUUID()
    const row = async () => (await ask(alice, { todos: { $: { where: { id } }, project: {} } })).todos[0]
    const create = await change(alice, ['update', 'todos', id, { text: 'new', done: false, owner: alice.email, tags: { a: 1, b: 2 } }])
    assert.deepEqual(create.json, { 'tx-id': 1 })
    assert.deepEqual((await change(alice, ['merge', 'todos', id, { tags: { a: null, c: 3 } }], ['link', 'todos', id, { project: ['slug', 'alice-house'] }])).json, { 'tx-id': 2 })
    assert.deepEqual([(await row()).tags, (await row()).project[0].slug], [{ b: 2, c: 3 }, 'alice-house'])
    const failed = await change(alice, ['update', 'todos', id, { text: 'changed' }], ['update', 'todos', id, { done: 'maybe' }])
    assert.equal(failed.json.type, 'validation-failed')
    assert.equal((await row()).text, 'new')
    await change(alice, ['unlink', 'todos', id, { project: 'lookup__slug__"alice-house"' }])
    assert.deepEqual((await row()).project, [])
    await change(alice, ['delete', 'todos', id])
    assert.equal(await row(), undefined)
    await change(alice, ['create', 'projects', { slug: 'shed' }, { name: 'Shed', owner: alice.id }])
    assert.equal((await change(alice, ['create', 'projects', randomUUID(), { slug: 'shed', owner: alice.id }])).json.type, 'record-not-unique')
    assert.match((await change(alice, ['update', 'todos', randomUUID(), { text: 'x', owner: alice.id }, { upsert: false }])).json.message, /don't exist/)
  })

  test('rules: nobody writes for another person', async () => {
    const [alice, bob] = [await signIn(), await signIn({ sub: 'user_bob', email: 'bob@example.com' })]
    const { id } = (await ask(alice, { todos: {} })).todos[0]
    const deny = (/** @type {string} */ action, etype = 'todos') => [400, 'permission-denied', { input: [etype, action], expected: 'perms-pass?' }]
    const outcome = async (/** @type {any} */ user, /** @type {any[]} */ step) => {
      const { status, json } = await change(user, step)
      return [status, json.type, json.hint]
    }
    assert.deepEqual(await outcome(bob, ['update', 'todos', id, { text: 'mine now', owner: bob.email }]), deny('update'))
    assert.deepEqual(await outcome(alice, ['update', 'todos', id, { owner: bob.email }]), deny('update'))
    assert.deepEqual(await outcome(bob, ['delete', 'todos', id]), deny('delete'))
    assert.deepEqual(await outcome(null, ['create', 'todos', randomUUID(), { text: 'x' }]), deny('create'))
    assert.deepEqual(await outcome(alice, ['create', 'secrets', randomUUID(), {}]), deny('create', 'secrets'))
    assert.deepEqual((await outcome(alice, ['explode', 'todos', id, {}])).slice(0, 2), [400, 'validation-failed'])
  })
})

describe('the official client', () => {
  test('passes the smoke script', async () => {
    const admin = initAdmin({ appId: APP, apiURI: instant.url })
    const as = (/** @type {any} */ _, /** @type {string} */ token) => admin.asUser({ token })
    const { data, ...result } = await smoke({ init, as, appId: APP, apiURI: instant.url, idToken: await issuer.sign(), clientName: 'clerk' })
    assert.deepEqual(data.written, [...data.own, 'of the smoke script'])
    assert.deepEqual(result, {
      before: null,
      signedIn: { email: 'alice@example.com', type: 'user', hasId: true },
      auth: { email: 'alice@example.com', sameUser: true, sameToken: true },
      again: { sameUser: true, sameToken: true },
      adopted: true,
      bad: { status: 400, type: 'oauth-error' },
      unknownClient: { status: 400, type: 'record-not-found' },
      stillSignedIn: 'alice@example.com',
      after: null,
      seen: [null, 'alice@example.com', null],
      revoked: { status: 400, type: 'record-not-found' },
    })
    assert.deepEqual(instant.liveTokens(), [])
  })
})
