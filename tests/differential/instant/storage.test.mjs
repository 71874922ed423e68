// IndexedDB that fails in each of the ways that browsers have. A failure costs a sign-in at the next visit, never this one, and no old session is found later.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { dist } from '../dist.mjs'
import { until } from '../until.mjs'

const { indexedDbStore } = await dist('instant/storage.js')

/** A disk; the store of another visit is another store on it. @param {import('node:test').TestContext} t */
const disk = (t) => {
  globalThis.indexedDB = new IDBFactory()
  t.after(() => delete (/** @type {any} */ (globalThis).indexedDB))
  return indexedDB
}
const named = (/** @type {string} */ name) => new DOMException('no', name)

test('what is written is there at the next visit, and what another tab writes is seen', async (t) => {
  disk(t)
  const [one, two] = [indexedDbStore(), indexedDbStore()]
  await one.write('k', 1)
  assert.equal(await two.read('k'), 1)
  await two.write('k', 2)
  assert.equal(await one.read('k'), 2)
  await two.remove('k')
  assert.equal(await one.read('k'), undefined)
})

test('InvalidStateError of a connection that Safari closes is tried again, once', async (t) => {
  disk(t)
  const store = indexedDbStore()
  await store.write('k', 1)
  const { transaction } = IDBDatabase.prototype
  let failing = 1
  const tries = t.mock.method(IDBDatabase.prototype, 'transaction', /** @this {any} */ function (/** @type {any[]} */ ...args) {
    if (failing-- > 0) throw named('InvalidStateError')
    return /** @type {any} */ (transaction).apply(this, args)
  })
  assert.equal(await indexedDbStore().read('k'), 1)
  assert.equal(tries.mock.callCount(), 2)
  failing = 1
  await store.write('k', 2)
  assert.equal(await indexedDbStore().read('k'), 2)
  failing = 2
  assert.equal(await indexedDbStore().read('k'), undefined, 'not a third time')
})

test('a full disk: the visit goes on with what it wrote, and the next one does not find what was there before', async (t) => {
  disk(t)
  const store = indexedDbStore()
  await store.write('k', 'old')
  const { put } = IDBObjectStore.prototype
  let full = true
  t.mock.method(IDBObjectStore.prototype, 'put', /** @this {any} */ function (/** @type {any[]} */ ...args) {
    if (!full) return /** @type {any} */ (put).apply(this, args)
    const request = /** @type {any} */ (put).apply(this, args)
    this.transaction.abort()
    return request
  })
  await store.write('k', 'new')
  assert.equal(await store.read('k'), 'new')
  assert.equal(await indexedDbStore().read('k'), undefined)
  full = false
  await store.write('k', 'newer')
  assert.equal(await indexedDbStore().read('k'), 'newer')
  await store.remove('k')
  assert.equal(await store.read('k'), undefined)
})

test('storage that is forbidden, by throwing or by an error, or not there at all', async (t) => {
  const ways = [() => { throw named('SecurityError') }, () => {
    const request = /** @type {any} */ ({ error: named('UnknownError') })
    queueMicrotask(() => request.onerror())
    return request
  }]
  for (const open of [...ways, undefined]) {
    disk(t)
    if (open) t.mock.method(indexedDB, 'open', open)
    else delete (/** @type {any} */ (globalThis).indexedDB)
    const store = indexedDbStore()
    assert.equal(await store.read('k'), undefined)
    await store.write('k', 1)
    assert.equal(await store.read('k'), 1)
    await store.remove('k')
    assert.equal(await store.read('k'), undefined)
  }
})

test('a database that a frozen tab holds is waited for once, three seconds; a connection that comes later is closed', async (t) => {
  const factory = disk(t)
  const opened = /** @type {any[]} */ ([])
  t.mock.method(factory, 'open', () => {
    const request = /** @type {any} */ ({ result: { closed: false, close() { this.closed = true } } })
    opened.push(request)
    return request
  })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = indexedDbStore()
  let read = false
  void store.read('k').then(() => (read = true))
  await new Promise((resolve) => setImmediate(resolve))
  t.mock.timers.tick(2_999)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([read, opened.length], [false, 1])
  t.mock.timers.tick(1)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([read, opened.length], [true, 1], 'not tried again')
  assert.equal(await store.read('k'), undefined)
  assert.equal(opened.length, 1, 'nor at the next read')
  opened[0].onsuccess()
  assert.equal(opened[0].result.closed, true)
  t.mock.timers.reset()
  t.mock.restoreAll()
  await store.write('k', 1)
  await until(async () => (await indexedDbStore().read('k')) === 1)
})
