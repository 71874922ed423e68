// The fence at its last line: between the machine's decision and the caller, and on the wire.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { api, entry, name } from './world.mjs'

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

for (const [how, leave, code] of /** @type {[string, (provider: any, controller: AbortController) => void, string | undefined][]} */ ([
  ['the user changes', (provider) => provider.signIn('bob'), 'identity_changed'],
  ['the caller leaves', (_, controller) => controller.abort(new Error('mine')), undefined],
]))
  test(`${how} between a refusal and the next token: nothing is left of the refused answer that could fail unseen`, async (t) => {
    const server = await api(() => ({ status: 401, body: { no: 1 } }))
    t.after(() => server.close())
    const provider = fakeProvider({ user: 'alice' })
    let ask = () => {}
    const asked = new Promise((done) => (ask = () => done(undefined)))
    let calls = 0
    const { getToken } = provider
    const session = createSession({ name: name(), logger: false, ...provider, getToken: (request) => (++calls === 1 ? getToken(request) : (ask(), new Promise(() => {}))) })
    t.after(() => session.dispose())
    // Half of it is read and let go of by a classifier, as the core's own does.
    const classify = async (response) => {
      const reader = response.body.getReader()
      await reader.read()
      reader.cancel().catch(() => {})
      return 'refresh'
    }
    const controller = new AbortController()
    const failing = assert.rejects(session.authFetch({ template: 'x', origins: [server.url], classify })(server.url, { signal: controller.signal }), code ? { code } : { message: 'mine' })
    await asked
    leave(provider, controller)
    await failing
    // By the answer to another request the test runner would have heard of it.
    await (await fetch(server.url)).text()
  })
