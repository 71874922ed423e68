// A subscription that is asked for before the sockets are loaded, and whose user leaves before they are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../../dist.mjs'
import { until } from '../../until.mjs'

const { shell } = await dist('hasura/shell.js')

test('a user who leaves while the sockets load: their subscription hears of it at once, once, and is never begun', async () => {
  const listeners = new Set()
  const session = { identityKey: 'alice', on: (_, listener) => (listeners.add(listener), () => listeners.delete(listener)) }
  let loaded = (_) => {}
  const begun = []
  const ws = shell(() => new Promise((load) => (loaded = load)), session)
  const seen = []
  const stop = ws.subscribe({ query: 'subscription { a }' }, { next() {}, error: (error) => seen.push(error.code), complete: () => seen.push('complete') })
  session.identityKey = 'bob'
  for (const listener of listeners) listener({ type: 'identity', key: 'bob' })
  assert.deepEqual(seen, ['identity_changed'])
  const next = ws.subscribe({ query: 'subscription { b }' }, { next() {}, error: assert.fail, complete() {} })
  loaded({ subscribe: ({ query }) => (begun.push(query), () => {}) })
  await until(() => begun.length)
  stop()
  next()
  await new Promise((resolve) => setTimeout(resolve))
  assert.deepEqual([begun, seen, listeners.size], [['subscription { b }'], ['identity_changed'], 0])
})
