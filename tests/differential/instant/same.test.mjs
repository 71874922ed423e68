// The same queries over the same data through @instantdb/core and through ours, while somebody writes: both show the same in the end, and each result that ours shows
// was once true.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { INSTANT_APP_ID } from '../../backends/accounts.mjs'
import { browserStubs } from '../../backends/instant/official.mjs'
import { startPlace } from '../../backends/test/instant-place.mjs'
import { dist } from '../dist.mjs'
import { stubSession } from '../stub-session.mjs'
import { until } from '../until.mjs'

const { init, id, lookup } = await dist('instant.js')

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
/** @type {ReturnType<typeof browserStubs>} */ let stubs
/** @type {any} */ let user
/** @type {any} */ let theirs
/** @type {any} */ let ours

before(async () => {
  stubs = browserStubs({ WebSocket })
  place = await startPlace({ issuers: { clerk: { issuer: 'http://127.0.0.1:1' } } })
  user = await place.signIn('alice')
  theirs = place.client()
  await theirs.auth.signInWithToken(user.refresh_token)
  const { url } = place.instant
  ours = init({ session: stubSession({ key: null }), template: 'instant', clientName: 'clerk', appId: INSTANT_APP_ID, apiURI: url, storage: 'memory' })
  await ours.auth.signInWithToken(user.refresh_token)
})
after(async () => {
  ours.shutdown()
  await place.stop()
  stubs.restore()
})

const QUERIES = {
  'everything': { todos: {} },
  'two at once': { todos: {}, projects: {} },
  'linked, both ways': { projects: { todos: { project: {} } } },
  'where': { todos: { $: { where: { done: false, priority: { $gte: 2 } } } } },
  'where over a link': { todos: { $: { where: { 'project.slug': 'alice-house' } }, project: {} } },
  'or, in, like, null': { todos: { $: { where: { or: [{ text: { $like: '%a%' } }, { priority: { $in: [1, 9] } }, { owner: { $isNull: true } }] } } } },
  'sorted, a page': { todos: { $: { order: { priority: 'desc' }, limit: 2 } } },
  'the second page': { todos: { $: { order: { text: 'asc' }, limit: 2, offset: 1 } } },
  'some fields': { todos: { $: { fields: ['text'] } } },
  'a limit below': { projects: { todos: { $: { limit: 1 } } } },
  'users': { $users: {} },
  'nothing there': { unicorns: {} },
}

/** Follows a query with one of the two. @param {any} db @param {object} q */
const watch = (db, q) => {
  const seen = /** @type {any[]} */ ([])
  const stop = db.subscribeQuery(q, (/** @type {any} */ answer) => seen.push(answer))
  return { seen, stop, last: () => seen.at(-1) }
}
/** Without what only one of them has. @param {any} rows */
const bare = (rows) => JSON.parse(JSON.stringify(rows ?? null))

for (const [name, query] of Object.entries(QUERIES))
  test(`live: ${name}`, async (t) => {
    const [a, b] = [watch(theirs, query), watch(ours, query)]
    t.after(() => (a.stop(), b.stop()))
    await until(() => a.last()?.data && b.last()?.data)
    const same = () => {
      try {
        assert.deepEqual(bare(b.last().data), bare(a.last().data))
        assert.deepEqual(bare(b.last().pageInfo), bare(a.last().pageInfo))
        return true
      } catch {
        return false
      }
    }
    const agree = () => until(same).catch(() => assert.deepEqual([bare(b.last().data), bare(b.last().pageInfo)], [bare(a.last().data), bare(a.last().pageInfo)]))
    await agree()
    const todo = id()
    const steps = [
      () => ours.transact(ours.tx.todos[todo].create({ text: `Alice: ${name}`, done: false, priority: 9, owner: user.email }).link({ project: lookup('slug', 'alice-house') })),
      () => ours.transact(ours.tx.todos[todo].update({ done: true, priority: 2, mood: { deep: [1, null] } })),
      () => ours.transact(ours.tx.todos[todo].merge({ mood: { deeper: 'é😀' } })),
      () => ours.transact(ours.tx.todos[todo].unlink({ project: lookup('slug', 'alice-house') })),
      () => ours.transact(ours.tx.todos[todo].delete()),
    ]
    for (const step of steps) {
      await step()
      // Whoever asks anew now has what both must come to.
      const fresh = await place.ask(user, query)
      await until(() => JSON.stringify(Object.values(bare(a.last().data)).map((rows) => rows.length)) === JSON.stringify(Object.values(fresh).map((/** @type {any} */ rows) => rows.length)))
      await agree()
    }
  })

test('what the official client writes, ours shows', async (t) => {
  const b = watch(ours, { todos: { $: { where: { text: 'from theirs' } } } })
  t.after(b.stop)
  await until(() => b.last()?.data)
  await theirs.queryOnce({ todos: {} })
  await theirs.transact(theirs.tx.todos[randomUUID()].create({ text: 'from theirs', owner: user.email }))
  await until(() => b.last().data.todos.length === 1)
})
