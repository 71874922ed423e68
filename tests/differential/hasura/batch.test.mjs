// HasuraClient.batch: one request, one result for each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GraphQLClient } from 'graphql-request'
import gql from 'graphql-tag'
import { dist } from '../dist.mjs'
import { stubFetch, stubSession } from '../stub-session.mjs'

const { GraphQLRequestError, HasuraClient } = await dist('hasura.js')
const endpoint = 'https://hasura.test/v1/graphql'
const make = (/** @type {any} */ options = {}) => new HasuraClient({ session: stubSession({ key: 'alice' }), template: 'hasura', endpoint, ...options })
const three = [{ document: '{ a }' }, { document: gql`query B($n: Int) { b(n: $n) }`, variables: { n: 1 } }, { document: 'query C { c } query D { d }', operationName: 'D', extensions: { e: 1 } }]

test('one request, as graphql-request sends it, and the results in order', async (t) => {
  const calls = stubFetch(t, () => [{ data: { a: 1 } }, { data: { b: 2 } }, { data: { d: 3 } }])
  const results = await make().batch(three)
  assert.deepEqual(results, [{ a: 1 }, { b: 2 }, { d: 3 }].map((value) => ({ status: 'fulfilled', value })))
  const theirs = await new GraphQLClient(endpoint).batchRequests(/** @type {any} */ (three))
  assert.deepEqual(results.map((/** @type {any} */ { value }) => value), theirs.map(({ data }) => data))
  assert.equal(calls.length, 2)
  assert.equal(calls[0].body.length, 3)
  assert.deepEqual(calls[0].body.map((/** @type {any} */ o) => [o.variables, o.operationName]), [[undefined, undefined], [{ n: 1 }, 'B'], [undefined, 'D']])
  assert.deepEqual(calls[0].body[2].extensions, { e: 1 })
  assert.deepEqual(calls[0].body.map((/** @type {any} */ o) => o.query).map((q) => q.replace(/\s/g, '')), calls[1].body.map((/** @type {any} */ o) => o.query.replace(/\s/g, '')))
})

test('one role, the headers and the signal of all', async (t) => {
  const calls = stubFetch(t, () => [{ data: {} }])
  const { signal } = new AbortController()
  await make({ role: 'user' }).batch([{ document: '{ a }' }], { role: 'editor', headers: { 'x-request-id': 'r' }, signal })
  assert.deepEqual(['x-hasura-role', 'x-request-id'].map((name) => calls[0].headers.get(name)), ['editor', 'r'])
  assert.equal(calls[0].init.signal, signal)
})

test('one that fails touches no other; partial data is a failure that brings it', async (t) => {
  stubFetch(t, () => [{ data: { a: 1 } }, { errors: [{ message: 'no', extensions: { code: 'validation-failed', path: '$' } }] }, { data: { d: 3 }, errors: [{ message: 'remote' }] }])
  const [a, b, c] = await make().batch(three)
  assert.deepEqual(a, { status: 'fulfilled', value: { a: 1 } })
  assert.ok(b.reason instanceof GraphQLRequestError && b.reason.code === 'validation-failed')
  assert.deepEqual([c.reason.code, c.reason.data], ['backend', { d: 3 }])
})

test('an answer that is none of a batch', async (t) => {
  /** @type {any} */
  let answer
  const calls = stubFetch(t, () => answer)
  for (answer of [[], [{ data: {} }], Array(4).fill({ data: {} })]) await assert.rejects(make().batch(three), { code: 'protocol', message: /answers to a batch of 3/ })
  for (const body of ['{}', '{"data":{"a":1}}', '"text"', '7']) {
    answer = new Response(body, { headers: { 'content-type': 'application/json' } })
    await assert.rejects(make().batch(three), { code: 'protocol', message: /no array/ }, body)
  }
  answer = new Response('<html>', { status: 502 })
  await assert.rejects(make().batch(three), { code: 'backend', retryable: true, message: /502/ })
  answer = new Response('', { status: 401 })
  await assert.rejects(make().batch(three), { code: 'token_rejected' })
  answer = [{ data: { a: 1 } }, {}, null]
  const [a, b, c] = await make().batch(three)
  assert.equal(a.status, 'fulfilled')
  for (const { reason } of [b, c]) assert.ok(reason instanceof GraphQLRequestError && reason.code === 'protocol' && reason.kind === 'protocol')
  const sent = calls.length
  assert.deepEqual(await make().batch([]), [])
  await assert.rejects(make().batch([{ document: '{ a }' }, { document: null }]), { code: 'option_invalid', message: /the document/ })
  await assert.rejects(make().batch([{ document: '{ a }', variables: { n: 1n } }]), { code: 'option_invalid', message: /variables/ })
  assert.equal(calls.length, sent)
})
