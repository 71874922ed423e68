// How often the provider is asked, in hours that pass in a moment.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, hour, leadOf } from '../benches/pages/hour.js'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { fakeToken } = await entry('testing')
// Everything is loaded before time is stopped.
const warm = createSession({ name: name(), logger: false, getToken: () => fakeToken() })
await warm.getToken('x')
warm.dispose()

// Not shorter: `iat` has whole seconds, so that a token of five lives four and a half.
const LIVES = [17, 60, 300, 3600, 86_400]

/** An app that reads through `read`. */
const app = (life, read) => ({ mint }) => {
  const session = createSession({
    name: name(), logger: false,
    getToken: async () => mint().then((iat) => fakeToken({ sub: 'alice', iat, exp: iat + life })),
    watch: (report) => (report({ user: 'alice' }), () => {}),
  })
  // Starts it, as a component that shows the status does.
  session.subscribe(() => {})
  return { read: () => read(session), end: () => session.dispose() }
}

for (const life of LIVES)
  test(`tokens of ${life} s, read once a second for an hour: at most ${Math.floor(allowed(life))} calls`, async (t) => {
    const calls = await hour(app(life, (session) => session.getToken('x')))
    t.diagnostic(`${calls} calls; 3600 / (${life} - ${leadOf(life)}) = ${(3600 / (life - leadOf(life))).toFixed(1)}`)
    assert.ok(calls <= allowed(life), `${calls} calls`)
    assert.ok(calls >= Math.floor(3600 / life), 'the tokens did expire')
  })

test('no reads and no leases: no call', async () => {
  assert.equal(await hour(app(60, async () => {}), { reads: false }), 0)
})

test('read once and never again: the token is kept ready for one life, then nobody is asked', async () => {
  let read = 0
  const calls = await hour(app(60, async (session) => (read++ ? undefined : session.getToken('x'))))
  assert.ok(calls <= 2, `${calls} calls`)
})

test('a socket that holds leases: as many calls as there are leases, and none after it has left', async () => {
  let leases
  let taken = 0
  let seconds = 0
  const left = new AbortController()
  const calls = await hour(app(60, async (session) => {
    if (++seconds === 1800) left.abort()
    if (leases) return
    leases = (async () => {
      for await (const lease of session.leases('x', { signal: left.signal })) taken += lease ? 1 : 0
    })().catch(() => {})
  }))
  assert.ok(taken > 30 && calls <= taken + 1, `${calls} calls for ${taken} leases`)
  assert.ok(calls <= allowed(60) / 2 + 2, `${calls} calls`)
})
