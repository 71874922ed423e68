// Another tab says that somebody left: who is there is asked anew, and until that is answered nothing is handed out, and nobody is told anything.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { api, entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeToken } = await entry('testing')
const { clerkProvider } = await entry('clerk')

/** A session whose provider answers `watch` later, as most libraries do; `say` is what the other tab does. */
const open = async (t, { first } = {}) => {
  const it = { user: 'alice', reports: [], asked: 0, watched: 0 }
  const of = name()
  const channel = new BroadcastChannel(`countersign:${of}`)
  channel.unref()
  const session = createSession({
    name: of, logger: false,
    getToken: async () => (it.asked++, fakeToken({ sub: it.user })),
    watch(report) {
      it.watched++
      if (first) report(undefined)
      it.reports.push(() => report(it.user ? { user: it.user } : null))
      return () => {}
    },
  })
  const events = []
  session.subscribe((event) => events.push(event))
  await until(() => it.reports.length)
  it.reports.shift()()
  await session.getToken('x')
  await until(() => events.some(({ type }) => type === 'token'))
  events.length = 0
  t.after(() => (session.dispose(), channel.close()))
  const say = async () => {
    const before = it.watched
    channel.postMessage({ v: 1, type: 'left', who: session.identityKey, at: Date.now() })
    await until(() => it.watched > before)
  }
  return { session, it, events, say }
}
const subject = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub

test('until the source has answered, nothing is sent; what was asked for as the one who left is not sent as the next', async (t) => {
  const server = await api()
  t.after(server.close)
  const { session, it, say } = await open(t)
  const fetch = session.authFetch({ template: 'x', origins: [server.url] })
  it.user = 'bob'
  await say()
  const request = fetch(server.url)
  const asked = it.asked
  await new Promise((done) => setTimeout(done, 50))
  assert.deepEqual([server.seen.length, it.asked], [0, asked])
  it.reports.at(-1)()
  await assert.rejects(request, (error) => CountersignError.is(error, 'identity_changed'))
  assert.equal(server.seen.length, 0)
  assert.equal(subject(await session.getToken('x')), 'bob')
})

test('the same person again: what waited goes on, and observers are told nothing', async (t) => {
  const { session, it, events, say } = await open(t, { first: true })
  await say()
  const waiting = session.getToken('x')
  assert.equal(session.status, 'signedIn')
  it.reports.at(-1)()
  assert.equal(subject(await waiting), 'alice')
  assert.deepEqual(events.filter(({ type }) => type === 'identity' || type === 'status'), [])
})

test('a source that does not know for long: everybody is held, and told so', { timeout: 30_000 }, async (t) => {
  const server = await api()
  t.after(server.close)
  const { session, it, events, say } = await open(t, { first: true })
  it.user = 'bob'
  await say()
  const request = session.authFetch({ template: 'x', origins: [server.url] })(server.url)
  request.catch(() => {})
  await until(() => events.some(({ type, key }) => type === 'identity' && key === undefined))
  assert.equal(server.seen.length, 0)
  it.reports.at(-1)()
  await assert.rejects(request, (error) => CountersignError.is(error, 'identity_changed'))
  assert.equal(server.seen.length, 0)
})

test('the refused lease of a consumer is renewed for whoever comes next', async (t) => {
  const { session, it } = await open(t)
  const [lease] = [(await session.leases('x', {})[Symbol.asyncIterator]().next()).value]
  const asked = it.asked
  session.reject(lease.id, 'no')
  assert.notEqual(await session.getToken('x'), lease.token)
  assert.equal(it.asked, asked + 1)
})

test('a redirect that the caller follows: to the same origin it is, to another one it is refused', async (t) => {
  const other = await api(() => ({ body: { other: true } }))
  const server = await api(({ url }) => (url === '/there' ? { status: 307, headers: { location: `${other.url}/x` } } : url === '/here' ? { status: 307, headers: { location: '/end' } } : { body: { n: 1 } }))
  t.after(() => Promise.all([other.close(), server.close()]))
  const { session } = await open(t)
  const fetch = session.authFetch({ template: 'x', origins: [server.url] })
  assert.deepEqual(await (await fetch(`${server.url}/here`, { redirect: 'follow' })).json(), { n: 1 })
  await assert.rejects(fetch(`${server.url}/there`, { redirect: 'follow' }), { code: 'redirect_refused' })
  assert.equal(other.seen[0].token, undefined)
})

test('a Clerk that cannot be looked for yet is looked for again', async () => {
  let looks = 0
  const heard = []
  const stop = clerkProvider(() => {
    if (++looks < 4) throw new Error('not yet')
    return { addListener: (listener) => (listener({ session: null, user: null }), () => {}), signOut: async () => {} }
  }).watch((identity) => heard.push(identity))
  await until(() => heard.length > 1)
  stop()
  assert.deepEqual(heard, [undefined, null])
})
