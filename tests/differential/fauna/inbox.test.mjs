// What lies between a connection and a consumer: order, holding back, one end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../dist.mjs'

const { Inbox } = await dist('fauna/inbox.js')
const open = (wanted = () => true) => {
  const holds = []
  return { holds, inbox: new Inbox(wanted, (full) => holds.push(full)) }
}
const done = { value: undefined, done: true }
const item = (value) => ({ value, done: false })

test('items before they are asked for, and after; what is unwanted is passed over', async () => {
  const { inbox } = open((n) => n % 2 === 1)
  for (const n of [1, 2, 3]) inbox.put(n)
  inbox.serve()
  assert.deepEqual([await inbox.next(), await inbox.next()], [item(1), item(3)])
  const waiting = [inbox.next(), inbox.next()]
  for (const n of [4, 5, 6, 7]) inbox.put(n)
  inbox.serve()
  assert.deepEqual(await Promise.all(waiting), [item(5), item(7)])
})

test('enough is said once, and once that it is gone again', async () => {
  const { inbox, holds } = open()
  for (let n = 0; n < 1500; n++) {
    inbox.put(n)
    inbox.serve()
  }
  assert.deepEqual(holds, [true])
  for (let n = 0; n < 1500; n++) {
    assert.deepEqual(await inbox.next(), item(n))
    assert.deepEqual(holds, n < 1500 - 256 - 1 ? [true] : [true, false])
  }
  for (let n = 0; n < 1024; n++) inbox.put(n)
  inbox.serve()
  assert.deepEqual(holds, [true, false, true])
})

test('an end: what is there first, then the error once, then done', async () => {
  const why = new Error('over')
  const { inbox } = open()
  inbox.put(1)
  inbox.end(false, true, why)
  assert.deepEqual(await inbox.next(), item(1))
  await assert.rejects(inbox.next(), why)
  assert.deepEqual(await inbox.next(), done)
  // Who waits is told at once, the first the error, as a generator does.
  const other = open().inbox
  const [first, second] = [other.next(), other.next()]
  other.end(false, true, undefined)
  await assert.rejects(first, (error) => error === undefined)
  assert.deepEqual([await second, await other.next()], [done, done])
  const clean = open().inbox
  clean.put(1)
  clean.end(true, false)
  assert.deepEqual(await clean.next(), done)
})
