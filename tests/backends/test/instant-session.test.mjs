// The local Instant's realtime session, frame by frame.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { until } from '../../differential/until.mjs'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { evaluateQuery } from '../instant/query.mjs'
import { createStore } from '../instant/schema.mjs'
import { rawSession, startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
beforeEach(async () => { place = await startPlace() })
afterEach(() => place.stop())

const refusal = (/** @type {any} */ frame) => [frame.op, frame.status, frame.type, frame.message]
const texts = (/** @type {any} */ result) => result.todos.map((/** @type {any} */ t) => t.text)
const TREE = { op: 'add-query', 'return-type': 'tree' }
const TODOS = { todos: {} }

describe('init', () => {
  test('says who it is, what there is and how the app stands', async () => {
    const alice = await place.signIn()
    const session = await rawSession(place.instant)
    const ok = await session.init(alice.refresh_token)
    assert.deepEqual([ok.op, ok.auth.user.id, ok.auth.user.refresh_token, ok.auth['admin?'], ok['app-status']], ['init-ok', alice.id, alice.refresh_token, false, { status: 'active' }])
    assert.match(ok['session-id'], /^[0-9a-f-]{36}$/)
    const attr = (/** @type {string} */ etype, /** @type {string} */ label) => ok.attrs.find((/** @type {any} */ a) => a['forward-identity'][1] === etype && a['forward-identity'][2] === label)
    assert.deepEqual([attr('todos', 'id')['primary?'], attr('todos', 'text')['checked-data-type'], attr('projects', 'slug')['unique?'], attr('$users', 'email').catalog], [true, 'string', true, 'system'])
    // A link is one attribute with two ends.
    const link = attr('todos', 'project')
    assert.deepEqual([link['value-type'], link.cardinality, link['unique?'], link['reverse-identity'].slice(1), attr('projects', 'todos')], ['ref', 'one', false, ['projects', 'todos'], undefined])
    const again = await session.init(alice.refresh_token)
    assert.deepEqual(refusal(again), ['error', 400, 'validation-failed', 'Validation failed for init: `init` has already run for this session.'])
    // An echo of an init has the token in it.
    assert.equal(again['original-event']['refresh-token'], alice.refresh_token)
    session.end()
  })

  test('without a token it is nobody; a token that is not live is refused with an echo', async () => {
    const nobody = await rawSession(place.instant)
    assert.equal((await nobody.init()).auth.user, null)
    const stale = randomUUID()
    const session = await rawSession(place.instant)
    const refused = await session.init(stale)
    assert.deepEqual(refusal(refused), ['error', 400, 'record-not-found', 'Record not found: app-user'])
    assert.deepEqual([refused.hint['record-type'], refused.hint.args[0]['refresh-token'], refused['original-event'].op, refused['original-event']['refresh-token']], ['app-user', stale, 'init', stale])
    // The session is as it was: it may try again.
    assert.equal((await session.init((await place.signIn()).refresh_token)).op, 'init-ok')
    assert.ok(!JSON.stringify(place.instant.log).includes(stale))
    for (const s of [nobody, session]) s.end()
  })

  test('another app, or none that is a uuid, is refused', async () => {
    const session = await rawSession(place.instant)
    assert.deepEqual(refusal(await session.ask({ op: 'init', 'app-id': randomUUID() })), ['error', 400, 'record-not-found', 'Record not found: app'])
    assert.deepEqual(refusal(await session.ask({ op: 'init', 'app-id': 'x' })), ['error', 400, 'param-malformed', 'Malformed parameter: ["app-id"]'])
    assert.deepEqual(refusal(await session.ask({ op: 'init' })), ['error', 400, 'param-missing', 'Missing parameter: ["app-id"]'])
    session.end()
  })

  test('everything before it is refused; what nobody knows is a fault of the server', async () => {
    const session = await rawSession(place.instant)
    for (const op of ['add-query', 'remove-query', 'transact', 'join-room', 'leave-room', 'set-presence', 'client-broadcast']) {
      assert.deepEqual(refusal(await session.ask({ op, q: TODOS })), ['error', 400, 'validation-failed', 'Validation failed for init: `init` has not run for this session.'], op)
    }
    assert.deepEqual(refusal(await session.ask({ op: 'of-tomorrow' })).slice(0, 2), ['error', 500])
    session.end()
  })
})

describe('queries', () => {
  test('a tree, the same query again, and away with it', async () => {
    const session = await place.session(await place.signIn())
    const q = { todos: { $: { where: { done: false }, order: { text: 'asc' } }, project: {} } }
    const ok = await session.ask({ ...TREE, q })
    assert.deepEqual([ok.op, ok.q, ok['processed-tx-id'], texts(ok.result), ok.result.todos[0].project[0].slug], ['add-query-ok', q, 0, ['Alice: learn to juggle', 'Alice: paint the fence'], 'alice-house'])
    // Another order of its keys does not make it another query.
    const exists = await session.ask({ ...TREE, q: { todos: { project: {}, $: q.todos.$ } } })
    assert.deepEqual([exists.op, exists.result], ['add-query-exists', undefined])
    assert.equal((await session.ask({ op: 'remove-query', q })).op, 'remove-query-ok')
    assert.equal((await session.ask({ ...TREE, q })).op, 'add-query-ok')
    assert.deepEqual(refusal(await session.ask({ op: 'add-query', q: null })), ['error', 400, 'validation-failed', 'Validation failed for add-query: Query can not be null.'])
    const wrong = await session.ask({ ...TREE, q: { todos: { $: { limit: 0 } } } })
    assert.deepEqual([...refusal(wrong).slice(0, 3), wrong['original-event'].q], ['error', 400, 'validation-failed', { todos: { $: { limit: 0 } } }])
  })

  test('triples have everything the query looks at, each once', async () => {
    const session = await place.session(await place.signIn())
    const { attrs } = session.frames[0]
    const named = Object.fromEntries(attrs.map((/** @type {any} */ a) => [a.id, a['forward-identity'].slice(1).join('.')]))
    const ok = await session.ask({ op: 'add-query', q: { todos: { $: { fields: ['done'], where: { 'project.slug': 'alice-house' }, order: { text: 'asc' }, limit: 1 } } } })
    const [{ data, 'child-nodes': below }] = ok.result
    const triples = data['datalog-result']['join-rows'].flat()
    const juggle = triples[0][0]
    assert.deepEqual(triples.map((/** @type {any[]} */ [, a]) => named[a]), ['todos.id', 'todos.done', 'todos.text', 'todos.project', 'projects.slug'])
    const { 'start-cursor': start, 'end-cursor': end, ...more } = data['page-info'].todos
    assert.deepEqual([below, start, named[start[1]], start[0], end, more], [[], end, 'todos.text', juggle, start, { 'has-next-page?': true, 'has-previous-page?': false }])
    const after = await session.ask({ ...TREE, q: { todos: { $: { order: { text: 'asc' }, after: end } } } })
    assert.deepEqual([texts(after.result), after['result-meta']['page-info'].todos['has-previous-page?']], [['Alice: paint the fence', 'Alice: write to Bob'], true])
    const from = await session.ask({ ...TREE, q: { todos: { $: { order: { text: 'asc' }, after: end, afterInclusive: true, first: 1 } } } })
    assert.deepEqual(texts(from.result), ['Alice: learn to juggle'])
    const other = await session.ask({ ...TREE, q: { todos: { $: { order: { priority: 'asc' }, after: end } } } })
    assert.match(other.message, /orders by `priority`/)
  })

  test('after a transaction, from wherever, only what changed is told, and only to who may see it', async () => {
    const [alice, bob] = [await place.signIn(), await place.signIn('bob')]
    const [hers, his] = [await place.session(alice), await place.session(bob)]
    const done = { todos: { $: { where: { done: true } } } }
    for (const session of [hers, his]) for (const q of [TODOS, done]) await session.ask({ ...TREE, q })
    const id = randomUUID()
    await place.change(alice, ['update', 'todos', id, { text: 'over HTTP', done: false, owner: alice.email }])
    const refresh = await hers.frame((f) => f.op === 'refresh-ok')
    assert.deepEqual([refresh['processed-tx-id'], refresh.attrs, refresh.computations.length], [1, undefined, 1])
    const [{ 'instaql-query': q, 'instaql-result': result, 'result-changed?': changed }] = refresh.computations
    assert.deepEqual([q, texts(result).at(-1), changed], [TODOS, 'over HTTP', true])
    // His own change comes to him alone, so by then hers would have.
    await place.change(bob, ['update', 'todos', randomUUID(), { text: 'of Bob', done: false, owner: bob.email }])
    await his.frame((f) => f.op === 'refresh-ok')
    assert.deepEqual([hers.ofOp('refresh-ok').length, his.ofOp('refresh-ok').length], [1, 1])
    await hers.ask({ op: 'remove-query', q: TODOS })
    await place.change(alice, ['update', 'todos', id, { done: true }])
    await until(() => hers.ofOp('refresh-ok').length === 2)
    assert.deepEqual(hers.ofOp('refresh-ok')[1].computations.map((/** @type {any} */ c) => c['instaql-query']), [done])
  })

  test('attributes are told when they are new, and always to a client that names no version', async () => {
    const alice = await place.signIn()
    const [known, old, unnamed] = [await place.session(alice), await place.session(alice, { '@instantdb/core': 'v0.20.4' }), await place.session(alice, {})]
    const untouched = { todos: { $: { where: { text: 'none' } } } }
    for (const session of [known, old, unnamed]) await session.ask({ ...TREE, q: untouched })
    await place.change(alice, ['update', 'todos', randomUUID(), { text: 'x', owner: alice.email }])
    await place.change(alice, ['update', 'todos', randomUUID(), { text: 'x', owner: alice.email, mood: 'good' }])
    for (const session of [old, unnamed]) {
      await until(() => session.ofOp('refresh-ok').length === 2)
      assert.ok(session.ofOp('refresh-ok').every((f) => f.computations.length === 0 && f.attrs.length > 20))
    }
    const [refresh, ...more] = known.ofOp('refresh-ok')
    assert.deepEqual([refresh.computations, more, refresh.attrs.at(-1)['forward-identity'].slice(1)], [[], [], ['todos', 'mood']])
  })

  test('a condition sees nothing through a link that its asker may not see', () => {
    const store = createStore({ users: () => [] })
    const todo = store.ofType('todos').find((row) => row.attrs.text === 'Alice: write to Bob')
    const house = store.ofType('projects').find((row) => row.attrs.slug === 'bob-house')
    store.link(/** @type {any} */ (todo), 'project', /** @type {any} */ (house))
    const found = (/** @type {any} */ where) => evaluateQuery(store, { id: 'x', email: 'alice@example.com' }, { todos: { $: { where } } }).todos.nodes.length
    assert.deepEqual([found({ 'project.slug': 'bob-house' }), found({ 'project.slug': 'alice-house' }), found({ 'project.slug': { $isNull: true } })], [0, 2, 1])
  })

  test('an open session goes on when its token is revoked, and the next one is refused', async () => {
    const alice = await place.signIn()
    const session = await place.session(alice)
    await place.instant.turn({ revoke: 'all' })
    assert.equal((await session.ask({ ...TREE, q: TODOS })).result.todos.length, 3)
    const next = await rawSession(place.instant)
    assert.equal((await next.init(alice.refresh_token)).type, 'record-not-found')
    next.end()
  })
})

describe('transactions', () => {
  /** @type {any} */ let alice, session
  /** @param {string} etype @param {string} label */
  const attr = (etype, label) => session.frames[0].attrs.find((/** @type {any} */ a) => a['forward-identity'][1] === etype && a['forward-identity'][2] === label).id
  const transact = (/** @type {any[]} */ ...steps) => session.ask({ op: 'transact', 'tx-steps': steps })
  beforeEach(async () => {
    alice = await place.signIn()
    session = await place.session(alice)
  })

  test('create, update, merge, link by lookup, unlink, delete; over HTTP it is seen', async () => {
    const id = randomUUID()
    const row = async () => (await place.ask(alice, { todos: { $: { where: { id } }, project: {} } })).todos[0]
    const mode = { mode: 'create' }
    const tags = { id: randomUUID(), 'forward-identity': [randomUUID(), 'todos', 'tags'], 'value-type': 'blob', cardinality: 'one', 'unique?': false, 'index?': false, isUnsynced: true }
    const created = await transact(
      ['add-attr', tags],
      ['add-triple', id, attr('todos', 'id'), id, mode], ['add-triple', id, attr('todos', 'text'), 'new', mode], ['add-triple', id, attr('todos', 'owner'), alice.email, mode], ['add-triple', id, tags.id, { a: 1, b: 2 }, mode],
      ['add-triple', id, attr('todos', 'project'), [attr('projects', 'slug'), 'alice-house']],
    )
    assert.deepEqual([created.op, created['tx-id']], ['transact-ok', 1])
    assert.deepEqual([(await row()).tags, (await row()).project[0].slug], [{ a: 1, b: 2 }, 'alice-house'])
    const merged = await transact(['rule-params', id, 'todos', { any: 1 }], ['add-triple', id, attr('todos', 'id'), id, { mode: 'update' }], ['deep-merge-triple', id, tags.id, { a: null, c: 3 }, { mode: 'update' }], ['add-triple', id, attr('todos', 'text'), 'newer', { mode: 'update' }])
    assert.deepEqual([merged['tx-id'], (await row()).tags, (await row()).text], [2, { b: 2, c: 3 }, 'newer'])
    await transact(['retract-triple', id, attr('todos', 'project'), (await row()).project[0].id])
    assert.deepEqual((await row()).project, [])
    await transact(['delete-entity', id, 'todos'])
    assert.equal(await row(), undefined)
  })

  test('a second create, an update of nothing, another one’s row, an unknown namespace: refused, and nothing is left', async () => {
    const [mine] = (await place.ask(alice, TODOS)).todos
    const set = (/** @type {string} */ id, /** @type {any} */ fields, /** @type {string} */ mode) => Object.entries({ id, ...fields }).map(([label, value]) => ['add-triple', id, attr('todos', label), value, { mode }])
    assert.match((await transact(...set(mine.id, { text: 'x' }, 'create'))).message, /Creating entities that exist/)
    assert.match((await transact(...set(randomUUID(), { text: 'x', owner: alice.email }, 'update'))).message, /Updating entities that don't exist/)
    const denied = await transact(...set(mine.id, { text: 'changed' }, 'update'), ...set(randomUUID(), { text: 'x', owner: 'bob@example.com' }, 'create'))
    assert.deepEqual([...refusal(denied), denied.hint], ['error', 400, 'permission-denied', 'Permission denied: not perms-pass?', { input: ['todos', 'create'], expected: 'perms-pass?' }])
    const secret = await transact(['add-attr', { id: randomUUID(), 'forward-identity': [randomUUID(), 'secrets', 'id'], 'value-type': 'blob', cardinality: 'one' }])
    assert.deepEqual(secret.hint, { input: ['attrs', 'create'], expected: 'perms-pass?' })
    assert.match((await transact(['add-triple', mine.id, randomUUID(), 1])).message, /no attribute/)
    assert.match((await transact(['explode', mine.id])).message, /not a step/)
    assert.match((await session.ask({ op: 'transact' })).message, /must be a list/)
    assert.deepEqual((await place.ask(alice, TODOS)).todos[0], mine)
  })

  test('an attribute that a failed transaction brought along is forgotten with it', async () => {
    const mood = { id: randomUUID(), 'forward-identity': [randomUUID(), 'todos', 'mood'], 'value-type': 'blob', cardinality: 'one' }
    const id = randomUUID()
    assert.equal((await transact(['add-attr', mood], ['add-triple', id, attr('todos', 'id'), id], ['add-triple', id, mood.id, 'good'])).type, 'permission-denied')
    assert.equal((await (await place.session()).frames[0]).attrs.some((/** @type {any} */ a) => a.id === mood.id), false)
    assert.equal((await transact(['add-attr', mood])).op, 'transact-ok')
    assert.equal((await transact(['add-attr', { ...mood, id: randomUUID() }])).type, 'record-not-unique')
  })

  test('read-only and disabled: everybody hears of it, and what is refused says so', async () => {
    const nobody = await place.session()
    await session.ask({ ...TREE, q: TODOS })
    await place.instant.turn({ readOnly: true })
    for (const s of [session, nobody]) assert.equal((await s.frame((/** @type {any} */ f) => f.op === 'app-status-changed')).status, 'read-only')
    assert.deepEqual(refusal(await transact()), ['error', 400, 'app-read-only', 'This app is read-only.'])
    assert.equal((await session.ask({ ...TREE, q: { projects: {} } })).op, 'add-query-ok')
    await place.instant.turn({ readOnly: false, disabled: true })
    assert.deepEqual((await session.ask({ ...TREE, q: { $users: {} } })).hint, { status: 'disabled' })
    const late = await rawSession(place.instant)
    assert.deepEqual((await late.init())['app-status'], { status: 'disabled' })
    await place.instant.turn({ disabled: false })
    await until(() => session.ofOp('app-status-changed').length === 3)
    assert.deepEqual(session.ofOp('app-status-changed').map((/** @type {any} */ f) => f.status), ['read-only', 'disabled', 'active'])
    late.end()
  })
})

test('an app id of the address that is another one’s does not matter: the init says it', async () => {
  const session = await rawSession(place.instant, randomUUID())
  assert.equal((await session.ask({ op: 'init', 'app-id': APP })).op, 'init-ok')
  session.end()
})
