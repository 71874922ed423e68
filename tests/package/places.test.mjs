// What a session does about another organisation, about a provider that wants to be left alone, and with the time that a server shows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { api, entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeToken } = await entry('testing')
const { Client, fql } = await entry('fauna')

/** A provider with organisations: `answer` makes the token for a request. */
const open = (answer, options = {}) => {
  const asked = []
  let report
  const session = createSession({
    name: name(), logger: false, ...options,
    getToken: async (request) => (asked.push(request), answer(request, asked.length)),
    watch: (tell) => ((report = tell), tell({ user: 'alice', org: 'org_1' }), () => {}),
  })
  return { session, asked, go: (org) => report({ user: 'alice', org }) }
}

test('after a move the first token of each template is forced, and only that one', async () => {
  const { session, asked, go } = open(() => fakeToken(), { templates: { a: 'a', b: 'b' } })
  await session.getToken('a')
  go('org_2')
  await session.getToken('a')
  await session.getToken('b')
  session.peek('b')
  assert.deepEqual(asked.map(({ template, force, reason }) => [template, force, reason]), [['a', false, 'first'], ['a', true, 'identity'], ['b', true, 'identity']])
  assert.ok(asked.every((request) => !('orgClaim' in request)))
  session.dispose()
})

for (const [where, orgClaim, claims] of [
  ['a name', 'org_id', (org) => ({ org_id: org })],
  ['a path', ['https://hasura.io/jwt/claims', 'x-hasura-org-id'], (org) => ({ 'https://hasura.io/jwt/claims': { 'x-hasura-org-id': org } })],
])
  test(`a token of the organisation that was left is asked for again until it is the new one's: ${where}`, async () => {
    let server = 'org_1'
    const { session, asked, go } = open(() => fakeToken(claims(server)), { templates: { a: { template: 'a', orgClaim } } })
    await session.getToken('a')
    go('org_2')
    // The provider's server learns of it a little later than its page.
    setTimeout(() => (server = 'org_2'), 100)
    const token = await session.getToken('a')
    assert.match(Buffer.from(token.split('.')[1], 'base64url').toString(), /org_2/)
    assert.deepEqual(asked.map((r) => r.force), [false, true, true])
    session.dispose()
  })

test('one that stays with the old organisation is refused, after two more tries, with a word about the claim', async () => {
  const { session, asked, go } = open(() => fakeToken({ org_id: 'org_1' }), { templates: { a: { template: 'a', orgClaim: 'org_id' } } })
  await session.getToken('a')
  go('org_2')
  await assert.rejects(session.getToken('a'), (e) => CountersignError.is(e, 'provider_failed') && /claim org_id names another organisation/.test(e.message))
  assert.equal(asked.length, 4)
  assert.equal(session.peek('a'), null)
  session.dispose()
})

test('outside every organisation, a token of one is not it', async () => {
  const { session, go } = open((_, n) => fakeToken(n < 3 ? { org_id: 'org_1' } : {}), { templates: { a: { template: 'a', orgClaim: 'org_id' } } })
  await session.getToken('a')
  go(null)
  assert.doesNotMatch(Buffer.from((await session.getToken('a')).split('.')[1], 'base64url').toString(), /org_1/)
  session.dispose()
})

test('an orgClaim that is neither a name nor a path is refused by name', async () => {
  for (const orgClaim of [5, [], [5], {}]) {
    const { session } = open(() => fakeToken(), { templates: { a: { template: 'a', orgClaim } } })
    await assert.rejects(session.getToken('a'), (e) => CountersignError.is(e, 'option_invalid') && /templates\.a\.orgClaim/.test(e.message))
  }
})

test('a provider is left alone for as long as it says: in seconds beside its error, or by retryAfterMs', async () => {
  for (const [options, error, again] of [
    [{}, Object.assign(new Error('slow down'), { retryAfter: 1 }), true],
    [{ retryAfterMs: () => Infinity }, new Error('no such template'), false],
    [{ retryAfterMs: () => { throw new Error('a bug of theirs') }, policy: { backoffMs: 50 } }, new Error('no network'), true],
  ]) {
    let calls = 0
    const session = createSession({
      name: name(), logger: false, ...options,
      getToken: async () => { calls++; throw error },
      watch: (tell) => (tell({ user: 'alice' }), () => {}),
    })
    await assert.rejects(session.getToken('x'), (e) => CountersignError.is(e, 'provider_failed'))
    const first = Date.now()
    const tried = async () => { await session.getToken('x').catch(() => {}); return calls > 1 }
    await tried()
    assert.equal(calls, 1, 'not at once')
    if (again) {
      await until(tried)
      if (error.retryAfter) assert.ok(Date.now() - first >= 950, 'a second')
    } else {
      session.invalidate('x')
      assert.ok(await tried(), 'after a word of the app')
    }
    session.dispose()
  }
})

test("Fauna's time of the transaction narrows the skew, and a stub's does not", async () => {
  for (const [ahead, known] of [[20_000, true], [null, false]]) {
    const server = await api(() => ({ body: { data: 1, txn_ts: ahead === null ? 1 : (Date.now() + ahead) * 1000 } }))
    const iat = () => Math.floor((Date.now() + (ahead ?? 0)) / 1000) - 15
    const { session } = open(() => fakeToken({ iat: iat(), exp: iat() + 600 }), { templates: { fauna: 'fauna' } })
    const fauna = new Client({ session, template: 'fauna', endpoint: server.url })
    await fauna.query(fql`1`)
    const [low, high] = session.inspect().skew
    if (known) assert.ok(low >= 18_000 && low <= 20_000 && high >= 20_000 && high < 25_000, `${low} ${high}`)
    else assert.equal(high, null)
    session.dispose()
    await server.close()
  }
})

test('what is odd about a token is said once, where somebody needs it', async () => {
  const said = []
  const logger = { warn: (text) => said.push(text), error: (text) => said.push(text) }
  const server = await api(() => ({ body: { data: 1 } }))
  const { session } = open(({ template }) => (template === 'ms' ? fakeToken({ exp: (Date.now() + 60_000) }) : `opaque-${Math.random()}`), { logger, policy: { opaqueTtlMs: 1 } })
  await session.getToken('plain')
  const fauna = new Client({ session, template: 'fauna', endpoint: server.url })
  for (let n = 0; n < 3; n++) await fauna.query(fql`1`)
  await session.getToken('ms')
  await until(() => said.length > 1)
  assert.equal(said.length, 2, said.join('\n'))
  assert.match(said[0], /"fauna" is no readable JWT/)
  assert.match(said[1], /`exp` of the token "ms".*milliseconds/)
  session.dispose()
  await server.close()
})
