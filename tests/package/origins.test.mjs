// Where a token goes and what goes with it: redirects, the caller's own headers, the defaults of an authorised request.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeProvider } = await entry('testing')

const open = (/** @type {import('node:test').TestContext} */ t, /** @type {string} */ url, provider = fakeProvider({ user: 'alice' })) => {
  const session = createSession({ name: name(), logger: false, ...provider, routes: [{ url, template: 'x' }] })
  t.after(() => session.dispose())
  return { session, provider }
}

test('a redirect is not followed, to another origin or to the same', async (t) => {
  const other = await api()
  const server = await api((request) => (request.url === '/there' ? {} : { status: 307, headers: { location: request.url === '/same' ? '/there' : `${other.url}/stolen` } }))
  t.after(() => Promise.all([other.close(), server.close()]))
  const { session } = open(t, server.url)
  for (const path of ['/away', '/same'])
    for (const init of [{}, { method: 'POST', body: 'x' }]) await assert.rejects(session.fetch(server.url + path, init), (e) => CountersignError.is(e, 'network'), path)
  assert.equal(other.seen.length, 0)
  assert.ok(server.seen.every(({ url }) => url !== '/there'))
})

test('an address that changes while the token is waited for: the request goes where it was called to', async (t) => {
  const [server, other] = [await api(), await api()]
  t.after(() => Promise.all([server.close(), other.close()]))
  const { session, provider } = open(t, server.url)
  // With the session started, a call is looked at as it is made.
  await session.getToken('x')
  const url = new URL('/here', server.url)
  const reads = [`${server.url}/text`, `${other.url}/stolen`]
  for (const address of [url, /** @type {any} */ ({ toString: () => (reads.length > 1 ? reads.shift() : reads[0]) })]) {
    session.invalidate('x')
    const answer = session.fetch(address)
    url.href = `${other.url}/stolen`
    await answer
  }
  assert.deepEqual(server.seen.map(({ url }) => url), ['/here', '/text'])
  assert.deepEqual(other.seen, [])
  assert.ok(provider.calls.length > 1)
})

test('what a request with a token is sent with, unless the caller says otherwise', async (t) => {
  const calls = /** @type {any[]} */ ([])
  t.mock.method(globalThis, 'fetch', async (/** @type {any} */ _, /** @type {any} */ init) => (calls.push(init), Response.json({})))
  const { session } = open(t, 'https://api.test')
  await session.fetch('https://api.test/')
  await session.fetch('https://api.test/', { redirect: 'manual', cache: 'reload', credentials: 'same-origin', referrerPolicy: 'origin', priority: 'low', own: 1 })
  const [{ redirect, credentials, referrerPolicy, cache }, chosen] = calls
  assert.deepEqual({ redirect, credentials, referrerPolicy, cache }, { redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' })
  assert.deepEqual([chosen.redirect, chosen.cache, chosen.credentials, chosen.referrerPolicy, chosen.priority, chosen.own], ['manual', 'reload', 'same-origin', 'origin', 'low', 1])
})

test('an Authorization of the caller’s own is never sent, with a token or without', async (t) => {
  const server = await api()
  t.after(() => server.close())
  const { session, provider } = open(t, server.url)
  const bare = session.authFetch({ template: 'x', origins: [server.url], anonymous: true })
  for (const headers of [{ Authorization: 'Bearer mine' }, [['authorization', 'Basic bWluZQ==']], new Headers({ authorization: 'mine' })]) {
    await bare(server.url, { headers })
    await bare(new Request(server.url, { headers }))
  }
  provider.signOut()
  for (const headers of [{ Authorization: 'Bearer mine' }, new Headers({ authorization: 'mine' })]) {
    await bare(server.url, { headers })
    await bare(new Request(server.url, { headers }))
  }
  const tokens = server.seen.map(({ token }) => token)
  assert.equal(tokens.length, 10)
  assert.ok(tokens.slice(0, 6).every((token) => /^Bearer ey/.test(token)))
  assert.deepEqual(tokens.slice(6), [undefined, undefined, undefined, undefined])
})
