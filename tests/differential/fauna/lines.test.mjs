// The lines of a body, whatever the chunks in which it comes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { prng } from './random.mjs'

const { lines } = await dist('fauna/lines.js')
const bytes = (text) => new TextEncoder().encode(text)

/** A body of these chunks. */
const body = (chunks) => new ReadableStream({
  pull(controller) {
    const next = chunks.shift()
    if (next) controller.enqueue(next)
    else controller.close()
  },
}, { highWaterMark: 0 })
const collect = async (chunks) => {
  const out = []
  for await (const line of lines(body(chunks))) out.push(line)
  return out
}
/** In pieces of `size` bytes. */
const cut = (all, size) => Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size))

test('every way of cutting gives the same lines', async () => {
  const text = '{"a":1}\r\n{"é🚀":"ü€"}\n\r\n\n{"cr":"a\rb"}\r\n\ud7ff\u{10ffff}\r\nlast without end 🚀'
  const wanted = ['{"a":1}', '{"é🚀":"ü€"}', '{"cr":"a\rb"}', '\ud7ff\u{10ffff}', 'last without end 🚀']
  const all = bytes(text)
  for (let size = 1; size <= all.length; size++) assert.deepEqual(await collect(cut(all, size)), wanted, `chunks of ${size}`)
  for (let at = 0; at <= all.length; at++) assert.deepEqual(await collect([all.subarray(0, at), all.subarray(at)].filter((chunk) => chunk.length)), wanted, `cut at ${at}`)
})

test('500 random bodies in random chunks, empty ones among them', async () => {
  const r = prng(7)
  const pick = (list) => list[Math.floor(r() * list.length)]
  for (let i = 0; i < 500; i++) {
    const wanted = Array.from({ length: Math.floor(r() * 12) }, () => Array.from({ length: Math.floor(r() * 20) }, () => pick(['a', '"', 'é', '€', '🚀', '\r.', '\u2028'])).join(''))
    const rest = pick(['', 'rest'])
    const all = bytes(wanted.map((line) => line + pick(['\n', '\r\n'])).join('') + rest)
    const chunks = []
    for (let at = 0; at < all.length;) {
      const size = Math.floor(r() * 9)
      chunks.push(all.subarray(at, (at += size)))
    }
    assert.deepEqual(await collect(chunks), [...wanted, rest].filter(Boolean), `body ${i}`)
  }
})

test('a long line in many chunks', async () => {
  const line = 'ä'.repeat(300_000)
  assert.deepEqual(await collect(cut(bytes(`${line}\n`), 7)), [line])
})

test('bytes that are no UTF-8 are an error, not other letters', async () => {
  await assert.rejects(collect([bytes('ok\n'), Uint8Array.of(0xc3, 10, 0xa9, 10)]), { name: 'ProtocolError' })
  await assert.rejects(collect([bytes('ok\n'), Uint8Array.of(0xc3)]), { name: 'ProtocolError' })
})

test('a line is there as soon as its end is', async () => {
  let controller
  const reading = lines(new ReadableStream({ start: (c) => void (controller = c) }))
  controller.enqueue(bytes('one\r\ntw'))
  assert.deepEqual(await reading.next(), { done: false, value: 'one' })
  const next = reading.next()
  controller.enqueue(bytes('o\n'))
  assert.deepEqual(await next, { done: false, value: 'two' })
})

test('leaving cancels the body; an error of the body is the reader\'s', async () => {
  let cancelled = 0
  const endless = new ReadableStream({ pull: (c) => c.enqueue(bytes('x\ny\n')), cancel: () => void cancelled++ })
  for await (const line of lines(endless)) {
    assert.equal(line, 'x')
    break
  }
  assert.equal(cancelled, 1)
  let controller
  const reading = lines(new ReadableStream({ start: (c) => void (controller = c) }))
  controller.enqueue(bytes('one\nhalf'))
  await reading.next()
  controller.error(new Error('broke'))
  await assert.rejects(reading.next(), { message: 'broke' })
  assert.deepEqual(await reading.next(), { done: true, value: undefined })
})
