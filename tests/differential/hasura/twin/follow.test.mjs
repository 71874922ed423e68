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
