// npm fauna with `httpClient(...)`: the official client and its streams, fed by a real session.
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { dist } from '../dist.mjs'
import { until } from '../until.mjs'
import { driver, ours } from './load.mjs'
import { fakeSession, stub } from './stub.mjs'

// So that a session may start.
globalThis.window ??= globalThis

const lib = await ours()
const { httpClient } = lib
const { createSession } = await dist('index.js')
const { fakeToken } = await dist('testing.js')
const unauthorized = { status: 401, json: { error: { code: 'unauthorized', message: 'Invalid token, unable to authenticate request' } } }
const source = new driver.StreamToken('source')
const event = (n) => JSON.stringify({ type: 'add', txn_ts: n, cursor: `c${n}`, stats: {}, data: { '@int': String(n) } })
const failed = (code) => JSON.stringify({ type: 'error', error: { code, message: 'says the server' }, stats: {} })
/** Answers with these lines and stays open. */
const open = (...lines) => ({ take: (res) => res.writeHead(200).write(lines.map((line) => `${line}\r\n`).join('')) })
const bearer = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub

let made = 0
/** A server, a session whose tokens say whose they are, and the driver's client over both. */
const setup = async (t, script, user = 'alice') => {
  const server = await stub(script)
  const asked = []
  let who = user, report
  const session = createSession({
    name: `driver ${++made}`, logger: false, templates: { fauna: 'fauna' },
    getToken: async ({ force }) => (asked.push(force), who && fakeToken({ sub: who })),
    watch: (tell) => ((report = tell), tell(who && { user: who }), () => {}),
  })
  const transport = httpClient({ session, template: 'fauna', endpoint: server.url })
  const client = new driver.Client({ secret: 'unused', endpoint: server.url, max_attempts: 3, max_backoff: 0.001 }, transport)
  t.after(async () => (session.dispose(), await server.stop()))
  return { server, session, asked, client, transport, become: (next) => ((who = next), report(next && { user: next })) }
}
/** Reads until the stream ends: what came, and why it ended. */
const drain = async (stream, each = () => {}) => {
  const got = []
  try {
    for await (const { data } of stream) {
      got.push(data)
      each(data)
    }
    return { got }
  } catch (error) {
    return { got, error }
  }
}

test('a stream carries the token of the session, not the driver\'s secret', async (t) => {
  const { server, client } = await setup(t, () => open(event(1), event(2)))
  const stream = client.stream(source)
  const { got, error } = await drain(stream, (n) => n === 2 && stream.close())
  assert.deepEqual([got, error], [[1, 2], undefined])
  const [{ line, headers, body }] = server.log
  assert.equal(line, 'POST /stream/1 HTTP/1.1')
  assert.equal(bearer(headers.authorization), 'alice')
  assert.deepEqual(body, { token: 'source' })
})

for (const [what, next] of [['another user', 'bob'], ['nobody', null]])
  test(`a stream that waits ends when its user does: ${what}`, async (t) => {
    let closed = false
    const { server, client, become } = await setup(t, () => ({ take: (res) => (res.on('close', () => (closed = true)), open(event(1)).take(res)) }))
    const { got, error } = await drain(client.stream(source), () => setImmediate(become, next))
    assert.deepEqual(got, [1])
    assert.ok(error instanceof driver.ServiceError, String(error))
    assert.equal(error.code, 'identity_changed')
    await until(() => closed)
    assert.equal(server.log.length, 1, 'the driver does not open it again for somebody else')
  })

test('what was called by one user is not sent for the next, however long our code takes to load', async (t) => {
  const { server, client, transport, become } = await setup(t, () => ({ json: { data: 1 } }))
  await client.query(driver.fql`1`)
  const query = client.query(driver.fql`2`).catch((e) => e)
  const line = transport.stream({ data: { token: 'source' }, headers: {}, method: 'POST' }).read.next()
  const request = transport.request({ client_timeout_ms: 9000, data: {}, headers: {}, method: 'POST' }).catch((e) => e)
  become('bob')
  assert.equal((await query).cause.code, 'identity_changed')
  assert.equal(JSON.parse((await line).value).error.code, 'identity_changed')
  assert.equal((await request).code, 'identity_changed')
  assert.equal(server.log.length, 1)
  assert.equal((await client.query(driver.fql`3`)).data, 1)
  assert.equal(bearer(server.log[1].headers.authorization), 'bob')
})

test('a refused token is refreshed once; refused again, it is the driver\'s AuthenticationError with the doctor\'s sentence', async (t) => {
  const cured = await setup(t, (_, n) => (n ? open(event(1)) : unauthorized))
  const stream = cured.client.stream(source)
  assert.deepEqual((await drain(stream, () => stream.close())).got, [1])
  assert.deepEqual(cured.asked, [false, true])
  const { server, client, asked } = await setup(t, () => unauthorized)
  const { error } = await drain(client.stream(source))
  assert.ok(error instanceof driver.AuthenticationError, String(error))
  assert.match(error.message, /^Invalid token, .* \(fauna: .*RS256.*\)$/)
  assert.equal(server.log.length, 2)
  assert.deepEqual(asked, [false, true])
})

test('a refusal ends the stream, a lost connection does not: the driver goes on at its cursor', async (t) => {
  const refused = await setup(t, () => ({ status: 400, json: { error: { code: 'invalid_request', message: 'no such source' } } }))
  const { error } = await drain(refused.client.stream(source))
  assert.ok(error instanceof driver.InvalidRequestError, String(error))
  assert.equal(error.message, 'no such source')
  assert.equal(refused.server.log.length, 1)

  const answers = []
  const lost = await setup(t, (_, n) => (n === 1 ? { destroy: 'before' } : { take: (res) => (answers.push(res), open(event(n + 1)).take(res)) }))
  const stream = lost.client.stream(source)
  const { got } = await drain(stream, (n) => (n === 1 ? answers[0].destroy() : stream.close()))
  assert.deepEqual(got, [1, 3])
  assert.deepEqual(lost.server.log.map(({ body }) => body.cursor), [undefined, 'c1', 'c1'])
})

test('a token that ran out under a stream costs a reconnect; one that the server will not have at all ends it', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  t.after(() => mock.timers.reset())
  const answers = []
  const { server, client } = await setup(t, (_, n) => ({ take: (res) => (answers.push(res), open(event(n + 1), ...(n ? [failed('permission_loss')] : [])).take(res)) }))
  const { got, error } = await drain(client.stream(source), (n) => {
    if (n > 1) return
    mock.timers.tick(61_000)
    answers[0].write(`${failed('permission_loss')}\r\n`)
  })
  assert.deepEqual(got, [1, 2])
  assert.deepEqual(server.log.map(({ body }) => body.cursor), [undefined, 'c1'])
  assert.ok(error instanceof driver.ServiceError)
  assert.equal(error.code, 'permission_loss')
})

test('only the server\'s own word for it is taken for one', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  t.after(() => mock.timers.reset())
  const talk = JSON.stringify({ type: 'add', txn_ts: 2, cursor: 'c2', stats: {}, data: { type: 'error', error: { code: 'permission_loss' } } })
  let answer
  const { server, client } = await setup(t, () => ({ take: (res) => ((answer = res), open(event(1)).take(res)) }))
  const stream = client.stream(source)
  const { got, error } = await drain(stream, (data) => {
    if (data !== 1) return stream.close()
    mock.timers.tick(61_000)
    answer.write(`${talk}\r\n`)
  })
  assert.deepEqual([got.length, error, server.log.length], [2, undefined, 1])
})

test('nobody signed in, no endpoint, no template: said at once, in the driver\'s words for an end', async (t) => {
  const { server, session, client } = await setup(t, () => undefined, null)
  assert.equal((await drain(client.stream(source))).error.code, 'signed_out')
  for (const [config, code] of [[{ endpoint: undefined }, 'endpoint_missing'], [{ template: undefined }, 'option_invalid'], [{ session: {} }, 'option_invalid']]) {
    const other = new driver.Client({ secret: 'unused', endpoint: server.url }, httpClient({ session, template: 'fauna', endpoint: server.url, ...config }))
    const { error } = await drain(other.stream(source))
    assert.ok(error instanceof driver.ServiceError, String(error))
    assert.equal(error.code, code)
    assert.equal((await other.query(driver.fql`1`).catch((e) => e)).cause.code, code)
  }
  assert.equal(server.log.length, 0)
})

test('what comes for a user who has left is not delivered, and a connection that breaks then is not opened again for the next', async () => {
  // A session without a fence of its own: only what its clients do themselves is seen.
  const fed = async (script) => {
    const server = await stub(script)
    const session = fakeSession(lib)
    const client = new driver.Client({ secret: 'unused', endpoint: server.url }, httpClient({ session, template: 'fauna', endpoint: server.url }))
    return { server, session, client }
  }
  for (const then of [(answer) => answer.destroy(), (answer) => answer.write(`${event(2)}\r\n`), (answer) => answer.end()]) {
    let answer
    const { server, session, client } = await fed(() => ({ take: (res) => ((answer = res), open(event(1)).take(res)) }))
    const { got, error } = await drain(client.stream(source), () => (session.become('bob'), then(answer)))
    assert.deepEqual([got, error.code, server.log.length], [[1], 'identity_changed', 1])
    await server.stop()
  }
  const closed = await fed(() => open(event(1)))
  const stream = closed.client.stream(source)
  assert.equal((await drain(stream, () => (closed.session.become('bob'), stream.close()))).error, undefined, 'closed is closed')
  await closed.server.stop()
  const asked = await fed(() => (asked.session.become('bob'), { json: { data: 'for alice' } }))
  assert.equal((await asked.client.query(driver.fql`1`).catch((e) => e)).cause.code, 'identity_changed')
  await asked.server.stop()
})

test('nothing keeps listening to the session', async () => {
  const server = await stub((request, n) => (request.line.includes('stream') ? open(event(1)) : { json: { data: 1 } }))
  const session = fakeSession(lib)
  const client = new driver.Client({ secret: 'unused', endpoint: server.url }, httpClient({ session, template: 'fauna', endpoint: server.url }))
  const stream = client.stream(source)
  await Promise.all([client.query(driver.fql`1`), drain(stream, () => stream.close())])
  for await (const _ of client.stream(source)) break
  assert.equal(session.listeners.size, 0)
  await server.stop()
})
