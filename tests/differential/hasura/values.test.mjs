// The errors of a live query: what tells them is loaded with the first one, and that takes a moment, or fails.
import assert from 'node:assert/strict'
import { register } from 'node:module'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { until } from '../until.mjs'

const { valued } = await dist('hasura/values.js')
const { CountersignError } = await dist('errors.js')

const open = () => {
  const errors = /** @type {any[]} */ ([])
  const sink = valued({ next() {}, error: (/** @type {any} */ error) => errors.push(error), complete() {} }, { role: null, template: 'x', explain: async () => undefined })
  return { sink, errors }
}

// First: once it is loaded, it is there.
test('what tells an error cannot be loaded: the error is told without it', async () => {
  register(`data:text/javascript,${encodeURIComponent("export const resolve = async (name, context, next) => { if (name.endsWith('/failure.js')) throw new Error('offline'); return next(name, context) }")}`)
  const token = `ey${'J'.repeat(30)}.eyJ.c2ln`
  for (const tell of [(/** @type {any} */ sink, /** @type {any} */ list) => sink.error(list), (/** @type {any} */ sink, /** @type {any} */ list) => sink.next({ errors: list })]) {
    const { sink, errors } = open()
    tell(sink, [{ message: `permission denied, ${token}` }])
    await until(() => errors.length)
    assert.ok(CountersignError.is(errors[0], 'protocol'))
    assert.equal(errors[0].message, 'hasura: permission denied, [secret]')
    assert.equal(errors[0].cause.message, 'offline')
  }
})

test('whoever has left is not told an error that was still being worked out', async () => {
  const [gone, there] = [open(), open()]
  for (const { sink } of [gone, there]) sink.error([{ message: 'no' }])
  gone.sink.left()
  await until(() => there.errors.length)
  assert.deepEqual([gone.errors.length, there.errors.length], [0, 1])
})
