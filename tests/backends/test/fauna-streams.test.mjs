// Event sources and `/stream/1`: what may be followed, what is told and to whom, and how a stream ends.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { startFauna } from '../fauna/server.mjs'
import { listen, now, QUIET, SECRET, startPlace } from './fauna-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => (place = await startPlace()))
beforeEach(() => place.knobs({ ...QUIET, reset: true }))
after(() => place.stop())

const ask = async (query, options) => {
  const answer = await place.ask(query, options)
  assert.equal(answer.status, 200, answer.summary ?? answer.error?.message)
  return answer
}
const refused = async (query, options) => {
  const { status, error } = await place.ask(query, options)
  return [status, error?.code, error?.message]
}
const source = async (fql, options) => (await ask(fql, options)).data['@stream']
const stream = async (fql, options) => listen(place, { token: await source(fql, options) }, options)
/** What is told after the first status, in short. */
const short = ({ type, data }) => `${type} ${data['@doc'] ? data['@doc'].item ?? data['@doc'].n?.['@int'] : JSON.stringify(data)}`
const order = (item, total = 1, owner = 'alice') => ask('Order.create({ owner: owner, item: item, total: total }).id', { args: { owner, item, total: { '@int': String(total) } } }).then(({ data }) => data)
const scratch = (count) => ask(`Set.sequence(0, ${count}).forEach(n => Scratch.create({ n: n }))`)
const nth = (cursor) => Buffer.from(cursor, 'base64').readInt32BE(8)

describe('event sources', () => {
  test('every way to make one; the result is a tag, a string or a quoted string', async () => {
    const id = await order('one')
    for (const fql of [
      'Order.all().eventSource()', 'Order.all().toStream()', 'Order.all().eventsOn(.total, .note.deep[0])', 'Order.all().changesOn(o => o.total)', 'Order.where(.total > 1).eventSource()',
      'Order.all().where(.total > 1).map(.item).where(i => i.startsWith("A")).eventSource()', '(Order.all() { item }).eventSource()', 'Order.all().eventSource() { item, total }',
      'Order.all().eventSource().where(.total > 1).map(.item)', 'Order.all().pageSize(2).eventSource()', `Set.single(Order.byId("${id}")).eventSource()`, `Set.single(Order.byId("${id}")!).eventsOn(.total)`,
    ]) assert.match(await source(fql), /^[\w+/]+=*$/, fql)
    const simple = (await ask('Order.all().eventSource()', { format: 'simple' })).data
    assert.equal((await listen(place, { token: simple })).status, 200)
    assert.match((await ask('Order.all().eventSource()', { format: 'decorated' })).data, /^"[\w+/]+=*"$/)
  })
  const NO = "can't call `.eventSource()` because streaming "
  /** [source, code, message] */
  const REFUSALS = [
    ['Set.sequence(0, 2).eventSource()', 'invalid_receiver', `${NO}is not supported on sets created from \`Set.sequence()\`.`],
    ['Set.single(10).eventSource()', 'invalid_receiver', `${NO}on \`Set.single()\` is only supported if its element is a document.`],
    ['[1].toSet().eventSource()', 'invalid_receiver', `${NO}is not supported on array sets.`],
    ['Order.all().order(.total).where(.total > 1).eventSource()', 'invalid_receiver', `${NO}is not supported on sets returned from \`.order()\`.`],
    ['Order.all().reverse().eventSource()', 'invalid_receiver', `${NO}is not supported on sets that have been reversed.`],
    ['Order.all().take(1).eventSource()', 'invalid_receiver', `${NO}is not supported on sets returned from \`.take()\`.`],
    ['Order.all().drop(1).eventSource()', 'invalid_receiver', `${NO}is not supported on sets returned from \`.drop()\`.`],
    ['Order.all().distinct().eventSource()', 'invalid_receiver', `${NO}is not supported on distinct sets.`],
    ['Order.all().concat(Order.all()).eventSource()', 'invalid_receiver', `${NO}is not supported on concatenated sets.`],
    ['Order.all().flatMap(o => [o]).toStream()', 'invalid_receiver', "can't call `.toStream()` because streaming is not supported on `.flatMap()` sets."],
    ['Order.where(.total > 1).eventsOn(.total)', 'invalid_receiver', "can't call `.eventsOn()` because it was not called on the source set."],
    ['Order.all().eventsOn(o => 1)', 'invalid_argument', 'invalid argument `fields`: expected field accessors such as `.name`'],
    ['Order.all().eventSource(1)', 'invalid_function_invocation', 'callee function expects exactly 0 arguments, but 1 was provided.'],
    ['let all = Order.all()\nOrder.all().map(o => all.count()).eventSource()', 'invalid_receiver', 'This server cannot keep an event source whose functions refer to sets, event sources or functions of the server.'],
    ['Order.create({ owner: "a", item: "b", total: 1, note: Order.all().eventSource() })', 'constraint_failure', 'Failed to create document in collection `Order`.'],
  ]
  for (const [fql, code, message] of REFUSALS) test(`refused: ${fql}`, async () => assert.deepEqual(await refused(fql), [400, code, message]))

  test('a token holds its functions and what they refer to, and outlives the server', async () => {
    const fql = `let least = 50
      let names = ["x", { deep: Time("2020-01-01T00:00:00.5Z") }]
      let twice = n => { let double = n * 2; double + least }
      Order.where(o => o.total >= least && o.total != 2.5e3).map(o => ({ item: o.item, t: twice(o.total), names: names, big: 9007199254740993 })).eventSource()`
    const token = await source(fql)
    const other = await startFauna({ port: 0, issuers: place.issuers, secret: SECRET })
    const events = await listen({ ...place, server: other }, { token })
    assert.equal((await events.next()).type, 'status')
    for (const total of [49, 60]) await fetch(`${other.url}/query/1`, { method: 'POST', headers: { authorization: `Bearer ${SECRET}` }, body: JSON.stringify({ query: `Order.create({ owner: "alice", item: "x", total: ${total} })` }) })
    assert.deepEqual((await events.next()).data, { item: 'x', t: { '@int': '170' }, names: ['x', { deep: { '@time': '2020-01-01T00:00:00.500Z' } }], big: { '@long': '9007199254740993' } })
    await other.stop()
  })
})

describe('what is told', () => {
  test('status first, then add, update and remove, each with its time, cursor and stats', async () => {
    const { data: { '@stream': token }, txn_ts } = await ask('Order.where(.total > 10).eventSource()')
    const events = await listen(place, { token })
    const stats = ['read_ops', 'storage_bytes_read', 'compute_ops', 'processing_time_ms', 'rate_limits_hit']
    assert.deepEqual([events.status, events.headers.get('content-type')], [200, 'application/json;charset=utf-8'])
    assert.match(events.headers.get('x-fauna-stream-id') ?? '', /./)
    const first = await events.next()
    assert.deepEqual([first.type, first.txn_ts, Object.keys(first.stats)], ['status', txn_ts, stats])
    const { data: id, txn_ts: created } = await ask('Order.create({ owner: "alice", item: "a", total: 11 }).id')
    for (const total of [12, 5, 6, 20]) await ask(`Order.byId("${id}")!.update({ total: ${total} })`)
    await ask(`Order.byId("${id}")!.delete()`)
    const told = await events.take(5)
    assert.deepEqual(told.map(({ type, data }) => `${type} ${data['@doc'].total['@int']}`), ['add 11', 'update 12', 'remove 12', 'add 20', 'remove 20'], 'a removal carries what was there before')
    const { data, cursor, ...add } = told[0]
    assert.deepEqual([add.txn_ts, Object.keys(add.stats), typeof cursor], [created, stats, 'string'])
    assert.deepEqual(data['@doc'], { id, coll: { '@mod': 'Order' }, ts: data['@doc'].ts, owner: 'alice', item: 'a', total: { '@int': '11' } })
    assert.deepEqual(told.map(({ stats: { compute_ops, rate_limits_hit } }) => [compute_ops >= 1, rate_limits_hit]), told.map(() => [true, []]))
  })
  test('the events of one transaction share its time and have cursors of their own; one document is told once', async () => {
    const events = await stream('Scratch.all().eventSource()')
    await events.next()
    const { txn_ts } = await ask('let a = Scratch.create({ n: 0 })\nOrder.create({ owner: "bob", item: "no", total: 1 })\nScratch.create({ n: 1 })\na.update({ n: 2 })\nlet gone = Scratch.create({})\ngone.delete()')
    await scratch(1)
    const told = await events.take(3)
    assert.deepEqual(told.map(short), ['add 2', 'add 1', 'add 0'])
    assert.deepEqual(told.map((event) => [event.txn_ts === txn_ts, nth(event.cursor)]), [[true, 0], [true, 1], [false, 0]])
  })
  test('single documents, fields, mapped and filtered sources', async () => {
    const id = await order('single')
    const [single, fields, mapped] = await Promise.all([
      stream(`Set.single(Order.byId("${id}")).map(.total).eventSource()`), stream('Order.all().eventsOn(.total, .note.at[1])'), stream('Order.all().map(.total).where(t => t > 2).eventSource()'),
    ])
    await order('another', 2)
    for (const change of ['item: "renamed"', 'note: { at: [1, 2] }', 'note: { at: [5, 2] }', 'note: { at: [5, 3] }', 'total: 9']) await ask(`Order.byId("${id}")!.update({ ${change} })`)
    await ask(`Order.byId("${id}")!.delete()`)
    const int = (n) => JSON.stringify({ '@int': String(n) })
    assert.deepEqual((await single.take(7)).slice(1).map(short), [...Array(4).fill(`update ${int(1)}`), `update ${int(9)}`, `remove ${int(9)}`])
    assert.deepEqual((await fields.take(6)).slice(1).map(short), ['add another', 'update renamed', 'update renamed', 'update renamed', 'remove renamed'])
    assert.deepEqual((await mapped.take(3)).slice(1).map(short), [`add ${int(9)}`, `remove ${int(9)}`])
  })
  test('everybody is told what they may read: losing a document is its removal, gaining one its arrival', async () => {
    const token = await source('Order.all().eventSource()', { secret: await place.bob() })
    const [alice, bob] = await Promise.all([place.token().then((secret) => listen(place, { token }, { secret })), place.bob().then((secret) => listen(place, { token }, { secret }))])
    const id = await order('hers')
    await ask(`Order.byId("${id}")!.update({ owner: "bob", item: "his" })`)
    await ask(`Order.byId("${id}")!.delete()`)
    assert.deepEqual((await alice.take(3)).slice(1).map(short), ['add hers', 'remove hers'])
    assert.deepEqual((await bob.take(3)).slice(1).map(short), ['add his', 'remove his'])
  })
  test('a collection or document that the caller may not read has no source for them', async () => {
    const secret = await place.bob()
    const { data: id } = await ask('Order.firstWhere(.owner == "alice")!.id')
    const denied = 'Insufficient privileges to read from collection Scratch.'
    assert.deepEqual(await refused('Scratch.all().eventSource()', { secret }), [400, 'permission_denied', denied])
    assert.deepEqual(await refused(`Set.single(Order.byId("${id}")).eventSource()`, { secret }), [400, 'permission_denied', 'Insufficient privileges to create a stream on the source document.'])
    for (const path of ['/stream/1', '/feed/1']) {
      const { status, error } = await place.post(path, { token: await source('Scratch.all().eventSource()') }, { secret })
      assert.deepEqual([status, error], [400, { code: 'invalid_request', message: `Error evaluating provided stream, ${denied}` }])
    }
  })
})

describe('resuming', () => {
  test('by cursor, in the middle of a transaction too; what was missed comes first, then what is new', async () => {
    const token = await source('Scratch.all().eventSource()')
    const first = await listen(place, { token })
    await scratch(4)
    const told = await first.take(5)
    const second = await listen(place, { token, cursor: told[2].cursor })
    const status = await second.next()
    assert.deepEqual([status.type, status.txn_ts], ['status', told[2].txn_ts])
    assert.deepEqual(await second.take(2).then((events) => events.map(({ data, cursor }) => ({ data, cursor }))), told.slice(3).map(({ data, cursor }) => ({ data, cursor })))
    await scratch(1)
    assert.equal(short(await second.next()), 'add 0')
  })
  test('by start_ts: nothing of that transaction, and not before the source was made', async () => {
    const { data: { '@stream': token }, txn_ts } = await ask('Scratch.all().eventSource()')
    const { txn_ts: start } = await scratch(3)
    await ask('Scratch.create({ n: 9 })')
    const events = await listen(place, { token, start_ts: start })
    assert.deepEqual([(await events.next()).txn_ts, short(await events.next())], [start, 'add 9'])
    const { status, error } = await place.post('/stream/1', { token, start_ts: txn_ts - 1 })
    assert.deepEqual([status, error.message], [400, 'Invalid stream start time: Stream start time can not be before the stream create time.'])
  })
  test('128 events are replayed; after one more the source must be made anew', async () => {
    const token = await source('Scratch.all().eventSource()')
    await scratch(128)
    assert.deepEqual((await (await listen(place, { token })).take(129)).map(({ type }) => type), ['status', ...Array(128).fill('add')])
    await scratch(1)
    const events = await listen(place, { token })
    const { type, error } = (await events.take(130)).at(-1)
    assert.deepEqual([type, error], ['error', { code: 'stream_replay_volume_exceeded', message: 'Too many events to replay. Recreate the stream and try again.' }])
    assert.equal(await events.next(), undefined, 'the last event')
  })
  test('a point before the history: status, then the error', async () => {
    const token = await source('Order.all().eventSource()')
    for (const change of [{ clockOffsetS: 901 }, { clockOffsetS: 0, reset: true }]) {
      await place.knobs(change)
      const events = await listen(place, { token })
      assert.equal((await events.next()).type, 'status')
      assert.equal((await events.next()).error.code, 'invalid_stream_start_time')
      assert.equal(await events.next(), undefined)
    }
    await place.knobs({ clockOffsetS: 901, historyS: 2000 })
    assert.deepEqual([await refused('1'), (await listen(place, { token: await source('Order.all().eventSource()') })).status], [[200, undefined, undefined], 200])
  })
})

describe('how a stream ends', () => {
  test('a token that has run out: at the first event after it, or when the login is looked at', async () => {
    const secret = await place.token({ exp: now() + 30 })
    const [busy, idle] = await Promise.all([stream('Order.all().eventSource()', { secret }), stream('Order.all().eventSource()', { secret })])
    const script = await stream('Order.all().eventSource()')
    for (const each of [busy, idle, script]) await each.next()
    await place.knobs({ clockOffsetS: 31 })
    const loss = { type: 'error', error: { code: 'permission_loss', message: 'Stream authentication is no longer valid.' } }
    await order('Bob only', 1, 'bob')
    const { stats, ...last } = await busy.next()
    assert.deepEqual([last, await busy.next()], [loss, undefined], 'even an event that is none for this reader')
    assert.equal((await idle.next()).error.code, 'permission_loss')
    assert.equal(short(await script.next()), 'add Bob only')
    await place.knobs({ clockOffsetS: 0 })
    const quietOne = await stream('Order.all().eventSource()', { secret })
    await quietOne.next()
    await place.knobs({ clockOffsetS: 31, revalidateEveryMs: 5 })
    assert.deepEqual([(await quietOne.next()).error, await quietOne.next()], [loss.error, undefined])
  })
  test('roles that were edited end the streams of JWTs, and new ones begin', async () => {
    const secret = await place.token()
    const [person, script] = await Promise.all([stream('Order.all().eventSource()', { secret }), stream('Order.all().eventSource()')])
    for (const each of [person, script]) await each.next()
    await place.knobs({ editRoles: true })
    await order('after')
    assert.equal((await person.next()).error.code, 'permission_loss')
    assert.equal(short(await script.next()), 'add after')
    const again = await stream('Order.all().eventSource()', { secret })
    await order('again')
    assert.deepEqual((await again.take(2)).map(({ type }) => type), ['status', 'add'])
  })
  test('a function that fails, aborts or writes: an error event, and the end', async () => {
    for (const [map, expected] of [
      ['if (o.total == 7) abort({ why: Date("2020-01-01") }) else o.item', { code: 'abort', message: 'Query aborted.', abort: { why: { '@date': '2020-01-01' } } }],
      ['o.note.a', { code: 'invalid_null_access', message: 'Cannot access `a` on null.' }],
      ['Scratch.create({})', { code: 'invalid_effect', message: 'Writes are disallowed in stream subscriptions.' }],
    ]) {
      const events = await stream(`Order.all().map(o => ${map}).eventSource()`)
      await order('seven', 7)
      assert.deepEqual([(await events.next()).type, (await events.next()).error, await events.next()], ['status', expected, undefined])
    }
    assert.equal((await ask('Scratch.all().count()')).data['@int'], '0')
  })
  test('401 and 400 before the first event', async () => {
    const token = await source('Order.all().eventSource()')
    const { headers, ...answer } = await place.post('/stream/1', { token }, { secret: await place.token({ exp: 1 }) })
    assert.deepEqual(answer, { status: 401, error: { code: 'unauthorized', message: 'Invalid token, unable to authenticate request' } })
    const cursor = Buffer.alloc(12).toString('base64')
    for (const [body, message] of [
      ['', 'No request body provided'], ['[]', 'Invalid request body: expected an object'], [{}, 'Invalid request body: Value for key token not found.'],
      [{ token: 'AAAA' }, 'Invalid request body: invalid event source provided'], [{ token: `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}` }, 'Invalid request body: invalid event source provided'],
      [{ token, cursor: 'AAAA' }, 'Invalid request body: invalid event cursor provided'], [{ token, cursor, start_ts: 1 }, 'Invalid request body: can not provide both `start_ts` and `cursor`'],
      [{ token, start_ts: '1' }, "Invalid request body: Unexpected string value '1'."], [{ token, cursor: 1 }, 'Invalid request body: Unexpected number value 1.'],
      [{ token, cursor }, 'Invalid stream start time: Stream start time can not be before the stream create time.'],
    ]) assert.deepEqual((({ status, error }) => [status, error])(await place.post('/stream/1', body)), [400, { code: 'invalid_request', message }])
  })
})
