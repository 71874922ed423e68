// Before the core is there: what is told keeps its order, what is called settles, and a sign-out signs out. And what happens in the middle of a call.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { until } from '../differential/until.mjs'
import { api, entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeProvider, fakeToken } = await entry('testing')
const { lazy } = await entry('loader')
const { onTrap } = await entry('core/core')

const { session: real } = lazy
afterEach(() => (lazy.session = real))
const hangs = () => (lazy.session = () => new Promise(() => {}))
const make = (options = {}) => createSession({ name: name(), logger: false, getToken: async () => fakeToken(), ...options })

test('a core that never loads: a call ends after its time, or when its caller leaves', async () => {
  hangs()
  const session = make({ policy: { timeoutMs: 60 }, routes: [{ url: 'https://api.test', template: 'x' }] })
  await assert.rejects(session.getToken('x'), { code: 'timeout' })
  await assert.rejects(session.getToken('x', { timeoutMs: 20 }), { code: 'timeout' })
  await assert.rejects(session.fetch('https://api.test/'), { code: 'timeout' })
  const abort = new AbortController()
  const left = session.getToken('x', { timeoutMs: 60_000, signal: abort.signal })
  abort.abort(new Error('gone'))
  await assert.rejects(left, { message: 'gone' })
  await assert.rejects(session.getToken('x', { signal: abort.signal }), { message: 'gone' })
})

test('without a core, signOut asks the provider itself, and settles', async () => {
  for (const [load, signOut] of [
    [() => new Promise(() => {}), async () => {}],
    [async () => { throw new Error('offline') }, async () => { throw new Error('theirs') }],
  ]) {
    lazy.session = load
    let out = 0
    const session = make({ policy: { timeoutMs: 40 }, signOut: () => (out++, signOut()) })
    await session.signOut()
    assert.equal(out, 1)
  }
})

test('a provider whose signOut hangs does not keep signOut from settling, with or without a core', { timeout: 20_000 }, async () => {
  lazy.session = async () => { throw new Error('offline') }
  const session = make({ signOut: () => new Promise(() => {}) })
  await session.signOut()
  const gone = make({ signOut: () => assert.fail('disposed') })
  gone.dispose()
  await gone.signOut()
})

test('signed out, and a trap: still nobody', async () => {
  const session = make()
  session.identityChanged({ user: 'alice' })
  assert.ok(await session.getToken('x'))
  await session.signOut()
  onTrap()
  assert.equal(await session.getToken('x'), null)
  session.dispose()
})

test('whoever the app names while the one before is still signing out is there afterwards', async () => {
  let over
  const session = make({ signOut: () => new Promise((done) => (over = done)) })
  session.identityChanged({ user: 'alice' })
  await session.getToken('x')
  const out = session.signOut()
  await until(() => over)
  session.identityChanged({ user: 'bob' })
  over()
  await out
  assert.match(await session.getToken('x'), /^ey/)
  assert.equal(session.status, 'signedIn')
  session.dispose()
})

test('a caller who has left before the core came leaves no listener behind', async () => {
  lazy.session = async () => { throw new Error('offline') }
  const signal = new AbortController().signal
  let listeners = 0
  for (const [name, by] of [['addEventListener', 1], ['removeEventListener', -1]]) {
    const real = signal[name].bind(signal)
    signal[name] = (...args) => ((listeners += by), real(...args))
  }
  const session = make()
  for (let n = 0; n < 5; n++) await assert.rejects(session.getToken('x', { signal }))
  assert.equal(listeners, 0)
})

test('one that is told wrongly does not take the others along', async () => {
  const said = []
  const session = make({ templates: { a: 'a' }, logger: { warn() {}, error: (text) => said.push(text) } })
  session.invalidate('typo')
  session.identityChanged(null)
  assert.equal(await session.getToken('a'), null)
  assert.equal(session.status, 'anonymous')
  assert.match(said.join(), /no template "typo"/)
  session.dispose()
})

test('after a trap, nobody is still nobody', async () => {
  const session = make()
  session.identityChanged(null)
  assert.equal(await session.getToken('x'), null)
  onTrap()
  assert.equal(await session.getToken('x'), null)
  session.dispose()
})

test('a time to wait without an end is one', async () => {
  for (const timeoutMs of [Infinity, 1e300]) {
    const session = make({ getToken: () => new Promise((done) => setTimeout(() => done(fakeToken()), 30)) })
    assert.match(await session.getToken('x', { timeoutMs }), /^ey/)
    session.dispose()
  }
})

test('a response does not reach its caller when the user changes on the last steps of its way', async () => {
  const server = await api()
  let late = 0
  for (let hops = 0; hops < 12; hops++) {
    const provider = fakeProvider({ user: 'alice' })
    const session = createSession({ name: name(), logger: false, routes: [{ url: server.url, template: 'x' }] })
    session.connect(provider)
    await session.getToken('x')
    const { fetch } = globalThis
    globalThis.fetch = async (...args) => {
      const response = await fetch(...args)
      queueMicrotask(async () => {
        for (let n = 0; n < hops; n++) await undefined
        provider.signIn('bob')
      })
      return response
    }
    const own = session.fetch(server.url)
    const before = session.identityKey
    const ended = await own.then(() => session.identityKey, (error) => error)
    globalThis.fetch = fetch
    // Either it was over before, or nothing of it arrived.
    if (CountersignError.is(ended)) assert.equal(ended.code, 'identity_changed')
    else late += Number(ended !== before)
    session.dispose()
  }
  await server.close()
  // Between a promise and whoever waits for it is one step that no promise can look into.
  assert.ok(late <= 1, `${late} responses of the user before`)
})

test('a client’s own headers that tell of another user: the request is not sent', async () => {
  const server = await api()
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false })
  session.connect(provider)
  await session.getToken('x')
  const fetch = session.authFetch({ template: 'x', origins: [server.url], headers: () => (provider.signIn('bob'), {}) })
  await assert.rejects(fetch(server.url), { code: 'identity_changed' })
  assert.equal(server.seen.length, 0)
  session.dispose()
  await server.close()
})

test('a token of the wrong organisation is asked for again within the budget, and not after the end', async () => {
  let calls = 0
  let report
  const session = createSession({
    name: name(), logger: false, templates: { a: { template: 'a', orgClaim: 'org_id' } }, policy: { forcedPerMinute: 2 },
    getToken: async () => (calls++, fakeToken({ org_id: 'org_1' })),
    watch: (tell) => ((report = tell), tell({ user: 'alice', org: 'org_1' }), () => {}),
  })
  await session.getToken('a')
  report({ user: 'alice', org: 'org_2' })
  await assert.rejects(session.getToken('a'), { code: 'budget_exhausted' })
  assert.equal(calls, 3, 'the one before, and two that are forced')
  session.dispose()

  calls = 0
  const ended = createSession({
    name: name(), logger: false, templates: { a: { template: 'a', orgClaim: 'org_id' } },
    getToken: async () => (calls++, fakeToken({ org_id: 'org_1' })),
    watch: (tell) => (tell({ user: 'alice', org: 'org_2' }), () => {}),
  })
  const waiting = ended.getToken('a')
  await until(() => calls === 1)
  ended.dispose()
  await assert.rejects(waiting, { code: 'disposed' })
  await new Promise((done) => setTimeout(done, 400))
  assert.equal(calls, 1)
})
