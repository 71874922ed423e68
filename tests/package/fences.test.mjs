// The fence at its last line: between the machine's decision and the caller, and on the wire.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeProvider } = await entry('testing')

test('a token that was decided on before the user changed is not handed to its caller', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false, ...provider })
  t.after(() => session.dispose())
  await session.getToken('x')
  // Answered at once from what is kept; delivered a microtask later.
  const asked = session.getToken('x', { timeoutMs: 5_000 })
  provider.signIn('bob')
  await assert.rejects(asked, (e) => CountersignError.is(e, 'identity_changed'))
})

test('a request of the one who left is aborted on the wire, not only forgotten', { timeout: 20_000 }, async (t) => {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)))
  t.after(() => (server.closeAllConnections(), server.close()))
  const url = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false, ...provider, routes: [{ url, template: 'x' }] })
  t.after(() => session.dispose())
  for (const init of [{}, { signal: new AbortController().signal }]) {
    const arrived = once(server, 'request')
    const asked = session.fetch(url, init)
    const refused = assert.rejects(asked, (e) => CountersignError.is(e, 'identity_changed'))
    // It never answers: the connection ends because nobody wants the answer.
    const [request] = await arrived
    const closed = once(request.socket, 'close')
    provider.signIn(provider.calls.length > 1 ? 'carol' : 'bob')
    await refused
    await closed
  }
})
