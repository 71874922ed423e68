// A secret that looks like nothing in particular, repeated by whoever was asked: it comes out nowhere.
import assert from 'node:assert/strict'
import { format, inspect } from 'node:util'
import { test } from 'node:test'
import { lib, open, outcome } from './compare.mjs'
import { fakeSession, stub } from './stub.mjs'

const { Client, fql } = lib
const JWT = `eyJhbGciOiJSUzI1NiJ9.${'eyJzdWIiOiJhbGljZSJ9'.repeat(2)}.c2lnbmF0dXJl`
const error = (message) => ({ status: 400, json: { error: { code: 'invalid_request', message } } })

/** Everything that could be logged of an error. */
const all = (error) => inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.stack

test('a server or proxy that repeats the secret', async (t) => {
  const said = (secret) => ({
    message: error(`bad ${secret}`),
    summary: { status: 400, json: { error: { code: 'invalid_query', message: 'm' }, summary: `at ${secret}` } },
    constraint: { status: 400, json: { error: { code: 'constraint_failure', message: 'm', constraint_failures: [{ message: `of ${secret}`, paths: [['a']] }, null] } } },
    header: { ...error('m'), headers: { 'x-repeated': `Bearer ${secret}` } },
    page: { status: 500, text: `<html>Authorization: Bearer ${secret}` },
  })
  for (const secret of ['fnKey1', 'fnAEx7Q-opaque-0123456789', JWT])
    for (const [where, answer] of Object.entries(said(secret))) {
      const server = await stub(() => answer)
      t.after(server.stop)
      const lines = []
      const log = (...args) => lines.push(format(...args))
      const logger = { trace: log, debug: log, info: log, warn: log, error: log, fatal: log }
      for (const [config, options] of [[{ secret }, {}], [{ secret: 'fn-of-the-client' }, { secret }]]) {
        const { error } = await outcome(() => open(lib, server.url, { ...config, logger }).query(fql`1`, options))
        assert.ok(error instanceof lib.FaunaError, where)
        for (const text of [all(error), ...lines]) assert.equal(text.replaceAll('[secret]', '').includes(secret), false, `${where}: ${text}`)
        if (where === 'constraint') assert.deepEqual(error.constraint_failures, [{ message: 'of [secret]', paths: [['a']] }, null])
        if (where === 'header') assert.match(lines.join(), /x-repeated.*Bearer \[secret\]/)
      }
    }
})

test('what a query aborted with is data, and words that happen to be a short secret are words', async (t) => {
  const server = await stub(() => ({ status: 400, json: { error: { code: 'abort', message: 'aborted', abort: { note: 'a secret' } } } }))
  t.after(server.stop)
  for (const secret of ['secret', 'abort']) {
    const { error } = await outcome(() => open(lib, server.url, { secret }).query(fql`1`))
    assert.deepEqual([error.message, error.abort], ['aborted', { note: 'a secret' }])
  }
})

test('a transport of one\'s own that fails with the request in its message', async () => {
  for (const wrap of [(cause) => cause, (cause) => Object.assign(new Error('of the network', { cause }), { name: 'NetworkError' })])
    for (const config of [{ secret: 'fnSecret' }, { session: fakeSession(lib, { token: 'token-1' }), template: 'fauna' }]) {
      const request = async ({ headers }) => {
        throw wrap(Object.assign(new Error(`failed: ${headers.Authorization}`), { code: 'E_OWN' }))
      }
      const { error } = await outcome(() => new Client({ ...config, endpoint: 'https://fauna.example' }, { request, close() {} }).query(fql`1`))
      assert.deepEqual([error.cause.code, error.cause.message], ['E_OWN', 'failed: Bearer [secret]'])
      assert.doesNotMatch(all(error), /fnSecret|token-1/)
    }
})
