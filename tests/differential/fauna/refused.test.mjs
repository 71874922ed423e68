// A token that Fauna refuses, in the error that a user sees: really signed tokens, the local Fauna's own rules, the real session, the real doctor.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, entry, name } from '../../package/world.mjs'
import { audience, issued, issuer } from './issued.mjs'

const { createSession } = await entry('index')
const { AuthenticationError, Client, fql, ProtocolError } = await entry('fauna')
const { Client: Theirs, FetchClient, fql: theirFql } = (await import('./load.mjs')).driver

let world
before(async () => (world = await issued()))
after(() => world.stop())

const seconds = () => Math.floor(Date.now() / 1000)
const other = 'https://db.fauna.com/db/yxxeeaaqcydyb'
/** Custom claims of some 8 KiB. */
const fat = { permissions: Array.from({ length: 500 }, (_, i) => `orders:${i}:read`) }

/** [what is wrong, claims, alg, what the client expects, the sentence] */
const cases = [
  ['HS256', {}, 'HS256', {}, /signed with "HS256"; fauna verifies RS256, RS384, RS512\..*RS256/],
  ['ES256', {}, 'ES256', {}, /signed with "ES256"; fauna verifies RS256/],
  ['PS256', {}, 'PS256', {}, /signed with "PS256"; fauna verifies RS256/],
  ['no aud', { aud: undefined }, 'RS256', {}, /the token has no aud\..*set the aud claim to "https:\/\/db\.fauna\.com\/db\/<id>"/],
  ['no aud, and the client knows which', { aud: undefined }, 'RS256', { audience }, new RegExp(`the token has no aud\\..*set the aud claim to "${audience}"`)],
  ['two databases', { aud: [audience, other] }, 'RS256', {}, /aud names 2 databases .*exactly one/],
  ['an aud of another service', { aud: 'https://api.test' }, 'RS256', {}, /no entry begins with https:\/\/db\.fauna\.com\/db\//],
  ['an aud in the wrong form', { aud: `${audience}/` }, 'RS256', {}, /is not the id of a database/],
  ['the aud of another database', { aud: other }, 'RS256', { audience }, /this client says audience/],
  ['a slash too many', { iss: `${issuer}/` }, 'RS256', { issuer }, /differ in the slash at the end\..*slash and all/],
  ['another issuer', { iss: 'https://other.test' }, 'RS256', { issuer }, /iss is "https:\/\/other\.test", this client says issuer "https:\/\/issuer\.test"/],
  ['no iss', { iss: undefined }, 'RS256', {}, /the token has no iss/],
  ['a slash too many, and the client knows of none', { iss: `${issuer}/` }, 'RS256', {}, /Nothing is wrong with this token by itself: compare it with the issuer/],
  ['nobody whom a role knows', { sub: 'user_mallory' }, 'RS256', { issuer, audience }, /Nothing is wrong with this token by itself/],
]

const open = (t, getToken, expect = {}) => {
  const session = createSession({ name: name(), logger: false, templates: { fauna: 'fauna' }, getToken })
  t.after(() => session.dispose())
  return { session, client: new Client({ session, template: 'fauna', endpoint: world.url, ...expect }) }
}
const failed = (client, options) => client.query(fql`1`, options).then(() => assert.fail('it was taken'), (e) => e)

for (const [what, claims, alg, expect, sentence] of cases)
  test(`${what}: the sentence, with a session and with a secret`, async (t) => {
    // A new one at each call, as of any provider: it is the configuration that is wrong.
    let n = 0
    const { client } = open(t, () => world.token({ ...claims, jti: String(++n) }, alg), expect)
    const asked = world.fauna.log.length
    const error = await failed(client)
    assert.ok(error instanceof AuthenticationError, String(error))
    assert.deepEqual([error.code, error.httpStatus, error.kind, n], ['unauthorized', 401, 'token', 2])
    assert.equal(world.fauna.log.length - asked, 2, 'one replay')
    assert.match(error.hint, sentence)
    const { key, reason, iss, alg: said } = error.token
    assert.deepEqual([key, reason, iss, said], ['fauna', 'rejected', 'iss' in claims ? claims.iss : issuer, alg])

    const secret = await world.token(claims, alg)
    const alone = await failed(new Client({ secret, endpoint: world.url, ...expect }))
    assert.ok(alone instanceof AuthenticationError)
    assert.match(alone.hint, sentence)
    assert.equal(alone.message, 'Access token required')
    for (const e of [error, alone]) assert.ok(!JSON.stringify([e, e.message, e.hint]).includes(secret.slice(0, 30)))
    // A secret of one query is as good.
    assert.match((await failed(new Client({ secret: 'fn-local-secret', endpoint: world.url, ...expect }), { secret })).hint, sentence)
  })

test('the same token is asked for once more, and refused in Fauna\'s class', async (t) => {
  const token = await world.token({ aud: other })
  const calls = []
  const { client } = open(t, ({ force }) => (calls.push(force), token), { audience })
  const error = await failed(client)
  assert.ok(error instanceof AuthenticationError)
  assert.deepEqual(calls, [false, true])
  assert.match(error.hint, /this client says audience/)
  assert.equal(error.token.key, 'fauna')
})

test('times: expired, and not yet valid', async (t) => {
  // Of a session: whether this clock or the issuer's is wrong is not known, so the token is sent, and the server decides.
  const late = () => ({ iat: seconds() - 90, exp: seconds() - 30 })
  const early = () => ({ nbf: seconds() + 60 })
  for (const [claims, sentence] of [[late, /the token expired \d+ s ago by the clock of this device/], [early, /is valid from \d+ s in the future .*\(nbf\)/]]) {
    const { client } = open(t, () => world.token({ ...claims(), jti: String(Math.random()) }), { issuer, audience })
    for (const from of [client, new Client({ secret: await world.token(claims()), endpoint: world.url })]) {
      const error = await failed(from)
      assert.ok(error instanceof AuthenticationError, String(error))
      assert.match(error.hint, sentence)
    }
  }
})

test('a server whose clock is ahead: the token is in order, and the hint says to look at the clock', async (t) => {
  world.fauna.knobs.clockOffsetS = 3600
  t.after(() => (world.fauna.knobs.clockOffsetS = 0))
  const { client } = open(t, () => world.token({ jti: String(Math.random()) }), { issuer, audience })
  assert.match((await failed(client)).hint, /look at the backend's clock/)
})

test('headers of more than 8 KiB: the bare 400 says that the token is too large', async (t) => {
  const { client } = open(t, () => world.token(fat))
  const secret = await world.token(fat)
  for (const from of [client, new Client({ secret, endpoint: world.url })]) {
    const error = await failed(from)
    assert.ok(error instanceof ProtocolError, String(error))
    assert.equal(error.httpStatus, 400)
    assert.match(error.message, /\{"error":"bad request"\}/)
    assert.match(error.hint, /the token has \d{4,5} bytes; Fauna refuses a request whose headers have more than 8 KiB together\./)
  }
  assert.equal((await failed(client)).token.key, 'fauna')
  // Beside a token that is small enough, there is only the general sentence.
  const small = await failed(new Client({ secret: `fn-${'x'.repeat(8200)}`, endpoint: world.url }))
  assert.deepEqual([small.httpStatus, /headers of a request are too large/.test(small.hint)], [400, true])
})

test('a proxy that refuses: its page is no answer of Fauna\'s, and the token is looked at all the same', async (t) => {
  for (const [status, claims, sentence] of [[401, { aud: undefined }, /the token has no aud/], [431, fat, /the token has \d+ bytes/], [431, {}, /headers of a request are too large/], [403, fat, undefined], [502, fat, undefined]]) {
    const proxy = await api(() => ({ status, body: '<html>no</html>' }))
    t.after(() => proxy.close())
    const error = await failed(new Client({ secret: await world.token(claims), endpoint: proxy.url }))
    assert.deepEqual([error.name, error.httpStatus], ['ProtocolError', status])
    if (sentence) assert.match(error.hint, sentence)
    else assert.equal(error.hint, undefined)
  }
})

test('what is not about the token has no hint, and the doctor is not asked', async (t) => {
  const { client } = open(t, () => world.token())
  assert.equal((await client.query(fql`1 + 1`)).data, 2)
  for (const query of [fql`1 +`, fql`1 / 0`, fql`abort(1)`]) assert.equal((await client.query(query).catch((e) => e)).hint, undefined)
  const opaque = await failed(new Client({ secret: 'fn-wrong', endpoint: world.url }))
  assert.ok(opaque instanceof AuthenticationError)
  assert.deepEqual([opaque.hint, opaque.token], [undefined, undefined])
})

test('check() looks at a JWT that is a secret, and finds nothing to say of one that is none', async () => {
  const codes = async (secret, more) => (await new Client({ secret, endpoint: world.url, ...more }).check()).map(({ code }) => code)
  assert.deepEqual(await codes('fn-local-secret'), [])
  assert.deepEqual(await codes(await world.token({}), { issuer, audience }), ['ok'])
  assert.ok((await codes(await world.token({ iss: `${issuer}/` }), { issuer })).includes('iss_slash'))
})

test('through a transport of one\'s own, with a session: the sentence is about the token that was sent', async (t) => {
  let n = 0
  const { session } = open(t, () => world.token({ aud: [audience, other], jti: String(++n) }))
  const error = await failed(new Client({ session, template: 'fauna', endpoint: world.url }, new FetchClient({ url: world.url.href, fetch_keepalive: false })))
  assert.ok(error instanceof AuthenticationError)
  assert.match(error.hint, /aud names 2 databases/)
  assert.equal(n, 2)
})

test('one refusal is cured by a new token, and the query ran once', async (t) => {
  const { client } = open(t, () => world.token({ jti: String(Math.random()) }))
  world.fauna.knobs.rejectNext = 1
  const asked = world.fauna.log.length
  assert.equal((await client.query(fql`1`)).data, 1)
  assert.equal(world.fauna.log.length - asked, 2)
  // The driver has one secret and says no more than the server.
  const theirs = await new Theirs({ secret: await world.token({ aud: undefined }), endpoint: world.url }, new FetchClient({ url: world.url.href, fetch_keepalive: false })).query(theirFql`1`).catch((e) => e)
  assert.deepEqual([theirs.name, theirs.message, theirs.hint], ['AuthenticationError', 'Access token required', undefined])
})

test('the time of a transaction narrows what the session thinks of the server\'s clock', async (t) => {
  const { session, client } = open(t, () => world.token({ iat: seconds() + 100, exp: seconds() + 400 }))
  world.fauna.knobs.clockOffsetS = 120
  t.after(() => (world.fauna.knobs.clockOffsetS = 0))
  await session.getToken('fauna')
  const before = session.inspect().skew
  await client.query(fql`1`)
  const [low, high] = session.inspect().skew
  assert.ok(before[1] === null || high < before[1] || low > before[0], `${before} was narrowed to ${[low, high]}`)
  assert.ok(low <= 120_000 && 120_000 <= high && high - low < 10_000, `${[low, high]}`)
})

test('a stub that shows no sensible clock changes nothing', async (t) => {
  const server = await api(() => ({ body: { data: 1, txn_ts: 1 } }))
  t.after(() => server.close())
  const session = createSession({ name: name(), logger: false, templates: { fauna: 'fauna' }, getToken: () => world.token() })
  t.after(() => session.dispose())
  await session.getToken('fauna')
  const before = session.inspect().skew
  await new Client({ session, template: 'fauna', endpoint: server.url }).query(fql`1`)
  assert.deepEqual(session.inspect().skew, before)
})
