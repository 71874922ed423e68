// How `request` reads an answer: once and whole; the core looks at the very text that the client takes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entry, name } from '../../package/world.mjs'

const { createSession } = await entry('index')
const { HasuraClient } = await entry('hasura')
const { fakeProvider } = await entry('testing')

const endpoint = 'https://hasura.test/v1/graphql'
const EXPIRED = { errors: [{ extensions: { path: '$', code: 'invalid-jwt' }, message: 'Could not verify JWT: JWTExpired' }] }
const json = { 'content-type': 'application/json' }

/** A client whose requests these answer, the last one again and again. @param {import('node:test').TestContext} t @param {((init: any) => Response)[]} answers */
const open = (t, ...answers) => {
  /** @type {string[]} */
  const tokens = []
  const copies = t.mock.method(Response.prototype, 'clone').mock
  t.mock.method(globalThis, 'fetch', async (/** @type {any} */ _, /** @type {any} */ init) => (tokens.push(init.headers.get('authorization')), (answers[tokens.length - 1] ?? answers.at(-1))?.(init)))
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false, ...provider })
  t.after(() => session.dispose())
  return { tokens, copies, provider, client: new HasuraClient({ session, template: 'hasura', endpoint }) }
}

/** The beginning of an answer; the rest is up to the test. An abort breaks it off, as it does a real one. */
const begun = (/** @type {string} */ text) => {
  /** @type {any} */
  let rest
  /** @type {any} */
  let begin
  const asked = new Promise((done) => (begin = done))
  const answer = (/** @type {any} */ { signal }) => {
    const body = new ReadableStream({ start: (controller) => void (rest = controller).enqueue(new TextEncoder().encode(text)) })
    signal.addEventListener('abort', () => rest.error(signal.reason))
    begin()
    return new Response(body, { headers: json })
  }
  return { answer, asked, breakOff: () => rest.error(new TypeError('terminated')) }
}

test('an answer is read without a copy of it, good or refused', async (t) => {
  const { client, tokens, copies } = open(t, () => Response.json({ data: { a: 1 } }), () => Response.json(EXPIRED), () => Response.json({ data: { a: 2 } }))
  assert.deepEqual([await client.request('{ a }'), await client.request('{ a }')], [{ a: 1 }, { a: 2 }])
  assert.deepEqual([tokens.length, new Set(tokens).size, copies.callCount()], [3, 2, 0])
})

test('what came after the refusal counts, whatever it is', async (t) => {
  const { client, tokens } = open(t, () => Response.json(EXPIRED), () => new Response('<html>Bad gateway</html>', { status: 502, headers: { 'content-type': 'text/html' } }))
  await assert.rejects(client.request('{ a }'), { code: 'backend', message: /HTTP 502.*Bad gateway/ })
  assert.equal(tokens.length, 2)
})

test('a refusal in what does not say that it is JSON is none; nor is one longer than any', async (t) => {
  const text = JSON.stringify(EXPIRED)
  for (const answer of [() => new Response(text, { headers: { 'content-type': 'text/plain' } }), () => Response.json({ ...EXPIRED, more: 'x'.repeat(64 * 1024) })]) {
    const { client, tokens } = open(t, answer)
    await assert.rejects(client.request('{ a }'), { code: 'token_rejected' })
    assert.equal(tokens.length, 1)
    t.mock.restoreAll()
  }
})

test('an answer that breaks off is an error of the network', async (t) => {
  const half = begun('{"data":{')
  const { client, tokens } = open(t, half.answer)
  const waiting = client.request('{ a }')
  await half.asked
  half.breakOff()
  await assert.rejects(waiting, { code: 'network', message: /broke/ })
  assert.equal(tokens.length, 1)
})

test('while it is read the caller may leave, and the user may change', async (t) => {
  const controller = new AbortController()
  for (const [signal, leave, expected] of /** @type {[any, (provider: any) => void, any]} */ ([
    [controller.signal, () => controller.abort(new Error('mine')), { message: 'mine' }],
    [undefined, (provider) => provider.signIn('bob'), { code: 'identity_changed' }],
  ])) {
    const half = begun('{"data":{')
    const { client, provider } = open(t, half.answer)
    const waiting = client.request('{ a }', {}, { signal })
    await half.asked
    leave(provider)
    await assert.rejects(waiting, expected)
    t.mock.restoreAll()
  }
})
