// Every text of the engine about a token, in both shapes of an error: what `request`, `batch` and `classify` make of it. The core's own
// classifier reads the same table in tests/native/classify.rs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { stubFetch, stubSession } from '../stub-session.mjs'

const { GraphQLRequestError, HasuraClient, classify } = await dist('hasura.js')
const { CountersignError } = await dist('errors.js')
const endpoint = 'https://hasura.test/v1/graphql'
/** @type {{ code: string, message: string, says: string, fix?: string }[]} */
const table = JSON.parse(readFileSync(new URL('texts.json', import.meta.url), 'utf8'))

/** The members of an object in the other order. @param {object} object */
const turned = (object) => Object.fromEntries(Object.entries(object).reverse())
/** @param {string} message @param {string | undefined} code */
const shapes = (message, code) => {
  const extensions = { path: '$', ...(code && { code }) }
  const modern = [{ message, extensions }, { extensions: turned(extensions), message }].map((error) => ({ errors: [error] }))
  const flat = { path: '$', error: message, code }
  return code ? [...modern, flat, turned(flat), { internal: { code: 'invalid-jwt' }, ...flat }] : modern
}
/** What `session.authFetch` is told; it has no word for "wait". @type {Record<string, string>} */
const words = { refresh: 'refresh', clock: 'fail', config: 'fail', missing: 'fail', role: 'ok', other: 'ok' }
const client = (/** @type {string | null} */ key = 'alice') => new HasuraClient({ session: stubSession({ key }), template: 'hasura', endpoint, anonymous: true })

for (const { code, message, says, fix } of table)
  test(`${code}: ${message}`, async (t) => {
    /** @type {any} */
    let answer
    let status = 200
    stubFetch(t, () => Response.json(answer, { status }))
    const refused = says !== 'role' && says !== 'other'
    const check = (/** @type {any} */ error) => {
      assert.ok(error instanceof GraphQLRequestError && CountersignError.is(error))
      assert.deepEqual([error.code, error.kind, error.retryable], [refused ? 'token_rejected' : code, refused ? 'token' : 'backend', false])
      assert.deepEqual([error.errors[0].message, error.errors[0].extensions.code, error.errors[0].extensions.path], [message, code, '$'])
      assert.equal(error.message, message)
      if (fix) assert.ok(error.hint.includes(fix), `${error.hint} does not say ${fix}`)
      else assert.equal(error.hint, undefined)
      // What the doctor sees in the token follows.
      assert.equal(/the doctor says/.test(error.hint), refused)
    }
    for (const shape of shapes(message, code))
      for (status of [200, 400, 401]) {
        answer = shape
        check(await client().request('{ a }').catch((/** @type {any} */ e) => e))
        assert.equal(await classify(Response.json(shape, { status })), words[says])
        const whole = await client().batch([{ document: '{ a }' }, { document: '{ b }' }])
        assert.deepEqual(whole.map((/** @type {any} */ r) => r.status), ['rejected', 'rejected'])
        whole.forEach((/** @type {any} */ r) => check(r.reason))
        answer = [{ data: { a: 1 } }, shape]
        const [good, bad] = await client().batch([{ document: '{ a }' }, { document: '{ b }' }])
        assert.deepEqual(good, { status: 'fulfilled', value: { a: 1 } })
        check(bad.reason)
        // A neighbour in the batch, or another field of the same operation, may have changed something: that is not sent again.
        if (status !== 200) continue
        assert.equal(await classify(Response.json(answer)), 'ok')
        for (const data of [null, { a: 1 }]) for (const body of [{ data, ...shape }, { ...shape, data }]) assert.equal(await classify(Response.json(body)), 'ok')
      }
  })

test('an action’s errors: no code, or one that is spelt like ours', async (t) => {
  /** @type {any} */
  let answer
  stubFetch(t, () => answer)
  for (const code of [undefined, 'signed_out', 'token_rejected', 'disposed', 42, ''])
    for (answer of [{ errors: [{ message: 'no', extensions: code === undefined ? undefined : { code } }] }])
      await assert.rejects(client().request('{ a }'), { name: 'GraphQLRequestError', code: 'backend', kind: 'backend', message: 'no' })
})

test('a code that is a name of every object has no hint', async (t) => {
  stubFetch(t, () => ({ errors: [{ message: 'm', extensions: { code: 'constructor' } }] }))
  await assert.rejects(client().request('{ a }'), (/** @type {any} */ e) => e.code === 'constructor' && e.hint === undefined)
})

test('signed out: the same words ask for a sign-in', async (t) => {
  for (const { message, code } of table.filter(({ says }) => says === 'missing'))
    for (const shape of shapes(message, code)) {
      stubFetch(t, () => shape)
      await assert.rejects(client(null).request('{ a }'), { code: 'signed_out', kind: 'token', hint: /HASURA_GRAPHQL_UNAUTHORIZED_ROLE/ })
    }
})

test('what passes by itself is said to', async (t) => {
  /** @type {any} */
  let answer
  stubFetch(t, () => answer)
  const cases = /** @type {[string, number, boolean][]} */ ([
    ['busy', 200, true], ['postgres-max-connections-error', 200, true], ['postgres-error', 200, false], ['unexpected', 200, false], ['unexpected', 503, true], ['rate-limit-exceeded', 429, true], ['unexpected', 500, false],
  ])
  for (const [code, status, retryable] of cases)
    for (const shape of shapes('m', code)) {
      answer = Response.json(shape, { status })
      await assert.rejects(client().request('{ a }'), { code, retryable })
    }
})

test('classify reads no further than a success needs, and nothing that is not JSON', async () => {
  const of = (/** @type {string[]} */ parts, /** @type {ResponseInit} */ init = { headers: { 'content-type': 'application/json; charset=utf-8' } }) => {
    const pulled = { n: 0, cancelled: false }
    const body = new ReadableStream({ pull: (c) => (pulled.n < parts.length ? c.enqueue(new TextEncoder().encode(parts[pulled.n++])) : c.close()), cancel: () => void (pulled.cancelled = true) }, { highWaterMark: 0 })
    return { response: new Response(body, init), pulled }
  }
  const success = of(['  ', '{"da', 'ta":{', '"rows":['])
  assert.equal(await classify(success.response), 'ok')
  assert.deepEqual(success.pulled, { n: 3, cancelled: true })
  const endless = of(Array.from({ length: 100 }, () => `{"errors":[${' '.repeat(2000)}`))
  assert.equal(await classify(endless.response), 'ok')
  assert.ok(endless.pulled.n < 40 && endless.pulled.cancelled)
  const events = of(['data: x'], { headers: { 'content-type': 'text/event-stream' } })
  assert.equal(await classify(events.response), 'ok')
  assert.equal(events.pulled.n, 0)
  for (const [body, status, word] of /** @type {[BodyInit | null, number, string][]} */ ([['<html>', 401, 'refresh'], ['<html>', 502, 'ok'], [null, 401, 'refresh'], ['{"errors":', 401, 'refresh'], ['{"errors":', 200, 'ok'], ['{}', 401, 'refresh']]))
    for (const type of ['application/json', 'text/html']) assert.equal(await classify(new Response(body, { status, headers: { 'content-type': type } })), word)
})
