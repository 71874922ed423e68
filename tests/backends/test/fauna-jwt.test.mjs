// Who gets into the Fauna-shaped server, and what they may do there: every rule of access providers, with real signatures.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { FAUNA_AUDIENCE } from '../accounts.mjs'
import { Database } from '../fauna/database.mjs'
import { startFauna } from '../fauna/server.mjs'
import { now, SECRET, startPlace } from './fauna-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => (place = await startPlace()))
after(() => place.stop())
const ask = (query, options) => place.ask(query, options)
const token = (claims, header) => place.token(claims, header)

describe('JWTs', () => {
  const REFUSED = { error: { code: 'unauthorized', message: 'Access token required' } }
  const second = 'https://db.fauna.com/db/yxxeeaaqcydyb'
  /** [what, claims, header, accepted] */
  const TABLE = [
    ['as it should be', {}, {}, true],
    ['RS384', {}, { alg: 'RS384' }, true],
    ['RS512', {}, { alg: 'RS512' }, true],
    ['PS256', {}, { alg: 'PS256' }, false],
    ['PS512', {}, { alg: 'PS512' }, false],
    ...['HS256', 'HS384', 'HS512'].map((alg) => [alg, {}, { alg, key: new TextEncoder().encode('a shared secret of sixty-four bytes, which is enough for HS512...') }, false]),
    ['typ is ignored', {}, { typ: 'whatever' }, true],
    ['expired', { exp: 1 }, {}, false],
    ['expires this second', { exp: 'now' }, {}, false],
    ['no exp never expires', { exp: undefined }, {}, true],
    ['a fractional exp counts as absent', { exp: 1.5 }, {}, true],
    ['an exp that is text counts as absent', { exp: '1' }, {}, true],
    ['not yet valid, by one second', { nbf: 'soon' }, {}, false],
    ['no nbf', { nbf: undefined }, {}, true],
    ['a fractional nbf counts as absent', { nbf: 99999999999.5 }, {}, true],
    ['an nbf that is text counts as absent', { nbf: '99999999999' }, {}, true],
    ['issued in the future: nobody looks', { iat: 99999999999 }, {}, true],
    ['no audience', { aud: undefined }, {}, false],
    ['an audience of another service', { aud: 'https://hasura.local/' }, {}, false],
    ['ours among others', { aud: ['https://tenant.example/userinfo', FAUNA_AUDIENCE] }, {}, true],
    ['two databases', { aud: [FAUNA_AUDIENCE, second] }, {}, false],
    ['another database', { aud: second }, {}, false],
    ['no database id of thirteen characters', { aud: 'https://db.fauna.com/db/yxxeeaaqcydy' }, {}, false],
    ['the audience of a host of our own', { aud: 'https://fauna.example/db/yxxeeaaqcydyy' }, {}, false],
    ['the same database twice', { aud: [FAUNA_AUDIENCE, FAUNA_AUDIENCE] }, {}, false],
    ['an audience that is no text', { aud: [7, FAUNA_AUDIENCE] }, {}, true],
    ['the audience with a slash', { aud: `${FAUNA_AUDIENCE}/` }, {}, false],
    ['no issuer', { iss: undefined }, {}, false],
    ['the issuer in other letters', { iss: 'HTTP://127.0.0.1:4100' }, {}, false],
    ['Clerk with a slash', { iss: 'http://127.0.0.1:4100/' }, {}, false],
    ['Auth0 with its slash', { iss: 'http://127.0.0.1:4101/', sub: 'auth0|alice' }, {}, true],
    ['Auth0 without its slash', { iss: 'http://127.0.0.1:4101', sub: 'auth0|alice' }, {}, false],
    ['unknown kid', {}, { kid: 'k9' }, false],
    ['no kid, one key in the set', {}, { kid: undefined }, true],
    ['no kid, several keys in the set', { iss: 'http://127.0.0.1:4101/' }, { kid: undefined }, false],
    ['signed by another key', {}, { key: 'other' }, false],
    ['nobody: every role predicate is false', { sub: 'user_mallory' }, {}, false],
    ['no role by person, but one by claim', { sub: 'user_mallory', org_role: 'manager' }, {}, true],
    ['a predicate that fails to run grants nothing', { sub: undefined }, {}, false],
  ]
  for (const [what, claims, header, accepted] of TABLE) {
    test(`${what}: ${accepted ? 200 : 401}`, async () => {
      let soon, answer
      do {
        soon = now() + 2
        const times = { exp: { now: now() }, nbf: { soon } }
        const given = Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, times[name]?.[value] ?? value]))
        answer = await ask('1', { secret: await token(given, header.key === 'other' ? { ...header, key: place.keys.other.privateKey } : header) })
      } while (claims.nbf && now() >= soon) // on a slow machine that time has come meanwhile
      const { status, headers, ...body } = answer
      assert.equal(status, accepted ? 200 : 401)
      if (!accepted) assert.deepEqual(body, REFUSED)
    })
  }
  test('elliptic, unsigned, cut, tampered and suffixed tokens', async () => {
    const good = await token()
    const [header, payload, signature] = good.split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url')), sub: 'user_bob' })).toString('base64url')
    const elliptic = await token({ iss: 'http://127.0.0.1:4101/' }, { alg: 'ES256', kid: 'e1', key: place.keys.ec.privateKey })
    for (const secret of [elliptic, none, `${header}.${payload}`, `${header}.${forged}.${signature}`, `${good}:admin`, 'eyJ.x', `${good}.x`, 'wrong'])
      assert.equal((await ask('1', { secret })).status, 401)
    assert.equal((await ask('1', { headers: { authorization: '' } })).status, 401)
    assert.equal((await ask('1', { headers: { authorization: `bearer ${SECRET}` } })).status, 401, 'the scheme is case-sensitive')
    assert.equal((await ask('1', { headers: { authorization: `Basic ${Buffer.from(`${SECRET}:`).toString('base64')}` } })).status, 200)
  })
  test('parts that are no JSON, or no base64url, or empty', async () => {
    const [header, payload, signature] = (await token()).split('.')
    const bad = (text) => Buffer.from(text).toString('base64url')
    for (const secret of [`${header}.${bad('[]')}.${signature}`, `${header}.${bad('{')}.${signature}`, `${bad('{"alg"')}.${payload}.${signature}`, `${header}.${payload}!.${signature}`, `${header}.${payload}.`, `${header}..${signature}`])
      assert.equal((await ask('1', { secret })).status, 401, secret.slice(0, 60))
  })
  test('a disabled database', async () => {
    await place.knobs({ disabled: true })
    assert.deepEqual([(await ask('1')).status, (await ask('1', { secret: await token() })).status], [401, 401])
    await place.knobs({ disabled: false })
    assert.equal((await ask('1', { secret: await token() })).status, 200)
  })
  test('a role whose predicate says anything but true is not granted', () => {
    const db = new Database({ issuers: {}, clock: Date.now, historyMs: () => 0 })
    const grants = (flag) => db.holds('claims => claims.flag', new Map([['flag', flag]]))
    assert.deepEqual([true, false, null, 'true', new Map()].map(grants), [true, false, false, false, false])
  })
  test('the payload in FQL: integers are Long, no identity', async () => {
    const secret = await token({ level: 3, share: 0.5, tags: ['a', 1] })
    const { data } = await ask('let t = Query.token()!\n[t.sub, t.level, t.share, t.tags, Query.identity(), Query.token() == null]', { secret })
    assert.deepEqual(data, ['user_alice', { '@long': '3' }, { '@double': '0.5' }, ['a', { '@long': '1' }], null, false])
  })
})

describe('key sets', () => {
  const asked = async (work) => {
    place.jwks.requests.length = 0
    return [await work(), place.jwks.requests.map(({ url, match }) => [url, match])]
  }
  const status = async (secret) => (await ask('1', { secret })).status
  let ahead = 0
  /** The server's clock goes on. */
  const later = (seconds) => place.knobs({ clockOffsetS: (ahead += seconds) })
  /** Valid at whatever time the server has. */
  const lasting = (header) => token({ exp: undefined }, header)
  after(() => place.knobs({ clockOffsetS: 0 }))

  test('a rotated key is found through one reload, which asks for everything anew; the query of jwks_uri is dropped', async () => {
    place.jwks.etag = '"one"'
    await later(301)
    await status(await lasting())
    const fresh = generateKeyPairSync('rsa', { modulusLength: 2048 })
    place.jwks.sets.clerk = [await place.jwks.publish(fresh, 'k3'), ...place.jwks.sets.clerk]
    place.jwks.etag = '"two"'
    await later(1)
    const secret = await lasting({ kid: 'k3', key: fresh.privateKey })
    assert.deepEqual(await asked(() => Promise.all([1, 2, 3].map(() => status(secret)))), [[200, 200, 200], [['/clerk', undefined]]])
    assert.equal(place.jwks.requests[0].accept, 'application/json')
  })
  test('unknown keys are looked for at most every half second', async () => {
    await later(1)
    const secret = await lasting({ kid: 'nobody' })
    assert.deepEqual(await asked(async () => [await status(secret), await status(secret)]), [[401, 401], [['/clerk', undefined]]])
  })
  test('refreshed after five minutes, with the last ETag; forgotten after an hour', async () => {
    const secret = await lasting()
    assert.deepEqual(await asked(() => status(secret)), [200, []])
    await later(301)
    assert.deepEqual(await asked(async () => [await status(secret), await status(secret)]), [[200, 200], [['/clerk', '"two"']]])
    await later(3601)
    assert.deepEqual(await asked(() => status(secret)), [200, [['/clerk', undefined]]])
  })
  test('other kinds of keys do not count: a token without kid finds the only RSA key', async () => {
    const elliptic = place.jwks.sets.auth0.find(({ kid }) => kid === 'e1')
    place.jwks.sets.clerk = [elliptic, { ...place.jwks.sets.clerk.at(-1), kid: undefined }]
    place.jwks.etag = ''
    await later(301)
    assert.deepEqual([await status(await lasting({ kid: undefined })), await status(await lasting({ kid: 'k1' }))], [200, 401])
    place.jwks.sets.clerk[1].kid = 'k1'
    await later(1)
    assert.equal(await status(await lasting()), 200)
  })
  test('a key set that is down: 401 as everything else; one that hangs: 503 when the time is up', async () => {
    const lone = await startFauna({ port: 0, issuers: place.issuers, authMs: 30 })
    const answer = async () => {
      const response = await fetch(`${lone.url}/query/1`, { method: 'POST', headers: { authorization: `Bearer ${await token()}` }, body: '{"query":"1"}' })
      return [response.status, (await response.json()).error.code]
    }
    place.jwks.down = true
    assert.deepEqual(await answer(), [401, 'unauthorized'])
    Object.assign(place.jwks, { down: false, hang: true })
    assert.deepEqual(await answer(), [503, 'time_out'])
    place.jwks.hang = false
    await lone.stop()
  })
})

describe('roles', () => {
  test('rows differ by person, through either provider', async () => {
    const count = async (claims) => (await ask('Order.all().map(.item).toArray()', { secret: await token(claims) })).data
    assert.equal((await count()).length, 3)
    assert.deepEqual(await count(), await count({ iss: 'http://127.0.0.1:4101/', sub: 'auth0|alice' }))
    assert.deepEqual((await count({ sub: 'user_bob' })).map((item) => item.slice(0, 4)), ['Bob:', 'Bob:'])
    assert.equal((await ask('Order.all().count()', { secret: await token({ iss: 'http://127.0.0.1:4101/', sub: 'local-script@clients' }) })).data['@int'], '5')
  })
  test('forbidden reads vanish, forbidden writes are denied, nothing of a failed query stays', async () => {
    const secret = await place.bob()
    const { data: id } = await ask('Order.firstWhere(.owner == "alice")!.id')
    const { data } = await ask('Order.byId(id)', { secret, args: { id } })
    assert.deepEqual(data, { '@ref': { id, coll: { '@mod': 'Order' }, exists: false, cause: 'permission denied' } })
    assert.equal((await ask('Order.byId(id)?.item', { secret, args: { id }, format: 'simple' })).data, null)
    for (const query of [
      'Order.create({ owner: "alice", item: "x", total: 1 })', 'Order.byId(id)!.update({ total: 1 })', 'Order.byId(id)!.delete()',
      'Order.all().first()!.update({ owner: "alice" })', 'Scratch.create({})',
      'let mine = Order.create({ owner: "bob", item: "x", total: 1 })\nScratch.create({ mine: mine.id })',
    ]) {
      const { status, error } = await ask(query, { secret, args: { id } })
      assert.deepEqual([status, error], [400, { code: 'permission_denied', message: 'Insufficient privileges to perform the action.' }], query)
    }
    assert.equal((await ask('Order.all().count()', { secret })).data['@int'], '2')
    const mine = await ask('let o = Order.create({ owner: "bob", item: "mine", total: 1 })\no.delete()\no.exists()', { secret })
    assert.equal(mine.data, false)
  })
  test('a cursor keeps its snapshot, and reads with the rights of whoever goes on', async () => {
    const { data } = await ask('Order.all().pageSize(2)', { secret: SECRET })
    const { data: added } = await ask('Order.create({ owner: "alice", item: "later", total: 0 }).id')
    const rest = await ask('Set.paginate(after, 9).data.map(.owner)', { args: { after: data['@set'].after } })
    assert.deepEqual(rest.data, ['alice', 'bob', 'bob'])
    const bobs = await ask('Set.paginate(after, 9).data.map(.owner)', { args: { after: data['@set'].after }, secret: await place.bob() })
    assert.deepEqual(bobs.data, [])
    await ask('Order.byId(id)!.delete()', { args: { id: added } })
  })
})
