// What a sink sees while its operation moves from socket to socket is what one socket without end would have shown it, however the two are interleaved.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../../dist.mjs'
import { play } from './two-sockets.mjs'

const { followed } = await dist('hasura/follow.js')
const seeds = Number(process.env.COUNTERSIGN_SEEDS ?? 200)

/** A live query over data with versions. @param {(version: number) => unknown} valueOf */
const live = (valueOf) => {
  let version = 0
  return {
    model: {
      follow: followed({ query: 'subscription { todos { id } }' }, undefined),
      change: () => version++,
      poll(subscription) {
        const value = valueOf(version)
        if (!subscription.first && subscription.last === value) return undefined
        subscription.first = false
        subscription.last = value
        return { data: { value } }
      },
    },
    now: () => valueOf(version),
  }
}

test('a live query: results in order, none twice, and the last one', async () => {
  let moved = 0
  for (let seed = 0; seed < seeds; seed++) {
    const { model, now } = live((version) => version)
    const { seen, failed, sockets } = await play(seed, model)
    const values = seen.map(({ data }) => data.value)
    const where = `seed ${seed}: ${values}`
    assert.equal(failed, undefined)
    for (let i = 1; i < values.length; i++) assert.ok(values[i] > values[i - 1], where)
    assert.equal(values.at(-1), now(), where)
    moved += sockets - 1
  }
  assert.ok(moved > seeds, 'sockets changed')
})

test('a live query whose data come back to what they were: none twice in a row, and the last one', async () => {
  for (let seed = 0; seed < seeds; seed++) {
    const { model, now } = live((version) => version % 3)
    const { seen } = await play(seed, model)
    const values = seen.map(({ data }) => data.value)
    const where = `seed ${seed}: ${values}`
    for (let i = 1; i < values.length; i++) assert.notEqual(values[i], values[i - 1], where)
    assert.equal(values.at(-1), now(), where)
  }
})

/** A stream of rows with rising ids. */
const stream = (payload, read) => {
  const rows = []
  return {
    rows,
    model: {
      follow: followed(payload, undefined),
      change(dice) {
        for (let i = dice.below(3); i >= 0; i--) rows.push({ id: (rows.at(-1)?.id ?? 0) + 1 + dice.below(2) })
      },
      poll(subscription, dice) {
        subscription.at ??= read(subscription.payload)
        const batch = rows.filter(({ id }) => id > subscription.at).slice(0, 1 + dice.below(4))
        if (!batch.length) return undefined
        subscription.at = batch.at(-1).id
        return { data: { messages_stream: batch } }
      },
    },
  }
}

const STREAMS = {
  'a variable': [{ query: 'subscription S($c: [x]!) { messages_stream(batch_size: 4, cursor: $c) { id } }', variables: { c: [{ initial_value: { id: 0 } }] } }, ({ variables }) => variables.c[0].initial_value.id],
  'the query': [{ query: 'subscription { messages_stream(batch_size: 4, cursor: { initial_value: { id: 0 } }) { id } }' }, ({ query }) => Number(/id: (\d+)/.exec(query)[1])],
}

for (const [name, [payload, read]] of Object.entries(STREAMS))
  test(`a stream whose cursor is in ${name}: every row once, in order`, async () => {
    let batches = 0
    for (let seed = 0; seed < seeds; seed++) {
      const { model, rows } = stream(payload, read)
      const { seen, failed } = await play(seed, model)
      assert.equal(failed, undefined)
      assert.deepEqual(seen.flatMap(({ data }) => data.messages_stream), rows, `seed ${seed}`)
      assert.ok(seen.every(({ data }) => data.messages_stream.length), 'no empty batch')
      batches += seen.length
    }
    assert.ok(batches > seeds)
  })

const live1 = () => followed({ query: 'subscription { todos { id } }' }, undefined)
const frame = (id, data) => JSON.stringify({ id, type: 'next', payload: { data } })

test('the first result after a reconnect is left out if it is the last one, also when a second socket was asked meanwhile, and with its members in another order', () => {
  const follow = live1()
  follow.payload(false)
  assert.ok(follow.take(1, frame('1', { a: 1, b: [{ c: 1, d: null }] })))
  follow.payload(false)
  follow.payload(true)
  assert.equal(follow.take(2, frame('1', { b: [{ d: null, c: 1 }], a: 1 })), undefined)
  assert.equal(follow.take(3, frame('1', { b: [], a: 1 })), 3)
})

test('the second socket takes over with what the first said last, whoever says it first; and at once if the first said nothing', () => {
  for (const order of ['second first', 'first first', 'nothing']) {
    const follow = live1()
    follow.payload(false)
    follow.take(1, frame('1', 1))
    follow.payload(true)
    if (order === 'second first') {
      assert.equal(follow.take(2, frame('1', 2)), 2)
      assert.equal(follow.fresh(3, frame('1', 3)), undefined)
      assert.equal(follow.even(), false)
      assert.equal(follow.take(3, frame('1', 3)), 3)
    } else if (order === 'first first') {
      assert.equal(follow.take(2, frame('1', 2)), 2)
      assert.equal(follow.fresh(2, frame('1', 2)), undefined)
    } else assert.equal(follow.fresh(2, frame('1', 2)), 2)
    assert.equal(follow.even(), true, order)
  }
})

test('a second socket that has not caught up is to be asked again; one whose first said nothing is not', () => {
  const follow = live1()
  follow.payload(false)
  follow.take(1, frame('1', 1))
  follow.payload(true)
  assert.equal(follow.moved(), true)
  follow.payload(true)
  follow.take(2, frame('1', 2))
  assert.equal(follow.moved(), false)
})

test('values that the application changes do not matter', () => {
  const follow = live1()
  follow.payload(false)
  const value = { data: { list: [1] } }
  follow.take(value, frame('1', { list: [1] }))
  value.data.list.push(2)
  follow.payload(false)
  assert.equal(follow.take({}, frame('1', { list: [1] })), undefined)
})

test('rows of one cursor: as often as the first socket brought them, they are left out of the second', () => {
  const follow = followed({ query: 'subscription { s(batch_size: 5, cursor: { initial_value: { at: 0 } }) { at } }' }, undefined)
  const rows = (...list) => ({ data: { s: list.map((at) => ({ at })) } })
  follow.payload(false)
  follow.take(rows(1))
  assert.match(follow.payload(true).query, /\{ at: 1 \}/)
  follow.take(rows(2, 2, 3))
  assert.deepEqual(follow.fresh(rows(2, 2, 3, 3, 4)), rows(3, 4))
  assert.match(follow.payload(false).query, /\{ at: 4 \}/)
  assert.deepEqual(follow.take(rows(2)), rows(2), 'nothing is owed by a new socket')
})

test('a stream without the column of its cursor is refused, and with the name under which it is selected it is not', () => {
  const payload = { query: 'subscription { s(batch_size: 5, cursor: { initial_value: { at: 0 } }) { time: at } }' }
  const bare = followed(payload, undefined)
  bare.payload(false)
  assert.throws(() => bare.take({ data: { s: [{ time: 1 }] } }), { code: 'option_invalid', message: /`at`/ })
  const named = followed(payload, 'time')
  named.take({ data: { s: [{ time: 7 }] } })
  assert.match(named.payload(false).query, /\{ at: 7 \}/)
  for (const odd of [{}, { data: null }, { data: {} }, { data: { s: [] } }, { data: { s: null }, errors: [{}] }]) assert.deepEqual(named.take(odd), odd)
})
