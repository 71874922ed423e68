// The splitter of streams: however the bytes are cut, the same lines come out.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pick, prng, SEED, upTo } from '../differential/fauna/random.mjs'

const path = new URL('../../pkg/dist/fauna/lines.js', import.meta.url)
if (!existsSync(fileURLToPath(path))) throw new Error('pkg/dist is missing: run `npm run build` first')
/** @type {{ lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> }} */
const { lines } = await import(path.href)

const CASES = process.env.COUNTERSIGN_FULL ? 10_000 : 400

/** What must come out of a body with an end, the slow and obvious way: its last line needs no end of its own. @param {Uint8Array} bytes */
const reference = (bytes) =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n').map((line) => line.replace(/\r$/, '')).filter(Boolean)

/** @param {Uint8Array[]} pieces @param {unknown} [error] instead of an end @returns {ReadableStream<Uint8Array> & { cancelled?: boolean }} */
const body = (pieces, error) => {
  let at = 0
  const stream = /** @type {any} */ (new ReadableStream({
    pull(control) {
      const piece = pieces[at++]
      if (piece) return control.enqueue(piece)
      return error === undefined ? control.close() : control.error(error)
    },
    cancel() {
      stream.cancelled = true
    },
  }, { highWaterMark: 0 }))
  return stream
}

const collect = async (stream) => {
  const out = []
  let failed
  try {
    for await (const line of lines(stream)) out.push(line)
  } catch (error) {
    failed = error
  }
  return { out, failed }
}

/** Pieces of every size, none and all among them. */
const cut = (r, bytes) => {
  const pieces = [], size = pick(r, [1, 2, 3, 7, 64, 1000, bytes.length + 1])
  for (let at = 0; at < bytes.length;) {
    const n = r() < 0.1 ? 0 : 1 + upTo(r, size)
    // A view of a larger buffer, as the platform hands them out.
    pieces.push(new Uint8Array(bytes.buffer, bytes.byteOffset + at, Math.min(n, bytes.length - at)))
    at += n
  }
  return pieces
}
const letters = ['a', '{"type":"add"}', '\n', '\n', '\n\n', '\r\n', '\r', '\r\r\n', 'é', '€', '🚀', '\u2028', '\u0085', '\ufeff', '\u0000', ' ', '\t', 'x'.repeat(200)]

test(`${CASES} streams, each cut in six ways: the same lines`, async () => {
  for (let n = 0; n < CASES; n++) {
    const r = prng(SEED * 7_919 + n)
    const bytes = new TextEncoder().encode(Array.from({ length: upTo(r, 30) }, () => pick(r, letters)).join(''))
    const expected = reference(bytes)
    for (let ways = 0; ways < 6; ways++) {
      const { out, failed } = await collect(body(cut(r, bytes)))
      assert.equal(failed, undefined)
      assert.deepEqual(out, expected, `seed ${SEED}, stream ${n}, cut ${ways}: ${JSON.stringify(new TextDecoder().decode(bytes)).slice(0, 500)}`)
    }
  }
})

/** How many bytes were copied or decoded meanwhile: what a clock would say, on a machine that has other things to do. */
const work = async (act) => {
  let bytes = 0
  const count = (owner, name, size) => {
    const method = owner[name]
    owner[name] = function (...args) {
      bytes += size(args, this)
      return method.apply(this, args)
    }
    return () => (owner[name] = method)
  }
  const typed = Object.getPrototypeOf(Uint8Array.prototype)
  const undo = [
    count(typed, 'set', ([from]) => from.length), count(typed, 'slice', (_, from) => from.length),
    count(TextDecoder.prototype, 'decode', ([from]) => from?.byteLength ?? 0),
  ]
  try {
    await act()
  } finally {
    for (const each of undo) each()
  }
  return bytes
}

test('one long line, however many pieces it comes in, is work in proportion to its length', async () => {
  const text = 'ü€🚀x'.repeat(100_000)
  for (const [length, size] of [[100_000, 1], [200_000, 2], [1_000_000, 1000], [1_000_000, 1_000_000]]) {
    const line = new TextEncoder().encode(text).subarray(0, length)
    const bytes = Uint8Array.from([...new TextEncoder().encode('first\n'), ...line, 13, 10, ...new TextEncoder().encode('last\n')])
    const pieces = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    let out
    const done = await work(async () => ({ out } = await collect(body(pieces))))
    assert.deepEqual(out.map(({ length }) => length), [5, new TextDecoder().decode(line).length, 4])
    assert.ok(out[1] === text.slice(0, out[1].length), 'the line is another')
    assert.ok(done < 4 * bytes.length, `${pieces.length} pieces, ${bytes.length} bytes: ${done} bytes were copied or decoded`)
  }
})

test('a hundred thousand short lines in one piece, and empty pieces between', async () => {
  const bytes = new TextEncoder().encode(Array.from({ length: 100_000 }, (_, i) => `{"i":${i}}\n`).join(''))
  const none = new Uint8Array(0)
  const { out } = await collect(body([none, none, bytes, none]))
  assert.equal(out.length, 100_000)
  assert.equal(out[99_999], '{"i":99999}')
})

test('what the stream fails with passes, after the whole lines before it; what it broke off is none', async () => {
  const error = new TypeError('the connection broke')
  const pieces = ['a\nb', 'b\nhalf'].map((text) => new TextEncoder().encode(text))
  const { out, failed } = await collect(body(pieces, error))
  assert.deepEqual(out, ['a', 'bb'])
  assert.equal(failed, error)
  assert.deepEqual(await collect(body(pieces)), { out: ['a', 'bb', 'half'], failed: undefined })
  assert.deepEqual(await collect(body([])), { out: [], failed: undefined })
})

test('bytes that are no UTF-8 are an error, never other letters', async () => {
  for (let n = 0; n < CASES / 5; n++) {
    const r = prng(SEED * 104_729 + n)
    const bad = pick(r, [[0xff], [0xc3], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x9a], [0xc0, 0x80], [0x80]])
    const bytes = Uint8Array.from([...new TextEncoder().encode('é ok\n'), ...bad, 10, ...new TextEncoder().encode('after\n')])
    const { out, failed } = await collect(body(cut(r, bytes)))
    assert.equal(failed?.name, 'ProtocolError', `seed ${SEED}, stream ${n}`)
    assert.ok(out.length <= 1 && (out[0] ?? 'é ok') === 'é ok', `seed ${SEED}, stream ${n}: ${JSON.stringify(out)}`)
  }
})

test('leaving the loop cancels the body, and so does an error in it', async () => {
  const pieces = Array.from({ length: 5 }, (_, i) => new TextEncoder().encode(`line ${i}\n`))
  const left = body(pieces)
  for await (const line of lines(left)) {
    assert.equal(line, 'line 0')
    break
  }
  assert.equal(left.cancelled, true)
  const thrown = body(pieces)
  await assert.rejects(async () => {
    for await (const _ of lines(thrown)) throw new RangeError('mine')
  }, RangeError)
  assert.equal(thrown.cancelled, true)
  const read = body(pieces)
  assert.equal((await collect(read)).out.length, 5)
  assert.equal(read.cancelled, undefined, 'a body that was read to its end is not cancelled')
  assert.equal(read.locked && left.locked && thrown.locked, true, 'nobody else reads them')
})
