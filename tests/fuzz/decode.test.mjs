// Malformed answers through the decoder: mutated texts and mutated trees. Whatever comes, it ends soon, with a value or with an error that is
// documented: SyntaxError for what is no JSON, RangeError or TypeError with the path for the rest.
// Each case is made from the seed and its number alone: COUNTERSIGN_SEED=7 COUNTERSIGN_CASE=1234 runs one again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { ours } from '../differential/fauna/load.mjs'
import { pick, prng, SEED, upTo, wire } from '../differential/fauna/random.mjs'

const CASES = process.env.COUNTERSIGN_FULL ? 250_000 : 12_000
/** Milliseconds; a case takes microseconds, and the machine may be busy. */
const LIMIT = 10_000

const payloads = ['', ' ', 'x', '0', '-', '1e400', '0x10', '9'.repeat(25), '9'.repeat(5000), 'NaN', 'Infinity', 'a:b', ':', '\u0000', '__proto__', '=', 'YQ', '2024-05-01', '2024-05-01T00:00:00Z', null, true, 0, 1.5, [], [[]], {}, { a: 1 }]
const names = ['@int', '@long', '@double', '@time', '@date', '@bytes', '@mod', '@doc', '@ref', '@set', '@stream', '@object', '@uuid', '@', 'id', 'name', 'coll', 'ts', 'data', 'after', 'exists', 'cause', '__proto__', 'constructor', 'toJSON', 'length', '0']
const tokens = ['{', '}', '[', ']', '"', ':', ',', '\\', '\\u', '"@int"', '{"@object":', '{"@doc":', '{"@set":', 'null', '1e999', '-', '\ud800', '\u0000', '\ufeff']

/** Another tree: parts replaced, wrapped in tags, renamed, given once more. */
const mutate = (r, value) => {
  if (r() < 0.12) return pick(r, payloads)
  if (r() < 0.1) return { [pick(r, names)]: value }
  if (Array.isArray(value)) return value.map((item) => mutate(r, item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (r() < 0.05 ? [] : [[r() < 0.1 ? pick(r, names) : key, mutate(r, item)], ...(r() < 0.05 ? [[pick(r, names), item]] : [])])))
}
/** Another text: cut, spliced, doubled. */
const garble = (r, text) => {
  for (let n = 1 + upTo(r, 4); n > 0; n--) {
    const at = upTo(r, text.length + 1), to = at + upTo(r, r() < 0.2 ? text.length : 4)
    text = pick(r, [() => text.slice(0, at) + text.slice(to), () => text.slice(0, at) + pick(r, tokens) + text.slice(at), () => text.slice(0, to) + text.slice(at), () => text.slice(0, at)])().slice(0, 200_000)
  }
  return text
}
/** A text by its number. */
const make = (/** @type {number} */ n) => {
  const r = prng(SEED * 2_654_435_761 + n)
  if (n % 500 === 499) {
    const [open, close] = pick(r, [['[', ']'], ['{"a":', '}'], ['{"@object":', '}'], ['{"@set":{"data":[', ']}}'], ['{"@doc":{"coll":', '}}'], ['[{"@ref":{"id":"1","coll":', '}}]']])
    const depth = 2 ** (6 + upTo(r, 12))
    return open.repeat(depth) + pick(r, ['1', '"x"', '{"@int":"1"}', '{"@int":"x"}', '']) + (r() < 0.8 ? close.repeat(depth) : '')
  }
  const { json } = wire(r)
  const text = JSON.stringify(n % 3 ? mutate(r, json) : json)
  return n % 3 === 1 ? text : garble(r, text)
}

/** What is wrong with what became of it, if anything is. */
const judge = (T, text, long_type) => {
  let isJson = true
  try {
    JSON.parse(text)
  } catch {
    isJson = false
  }
  try {
    T.decode(text, { long_type })
    if (!isJson) return 'a value of what is no JSON'
  } catch (error) {
    if (!(error instanceof Error)) return `not an Error: ${error}`
    if (!isJson) return error.name === 'SyntaxError' ? undefined : `${error.name} for what is no JSON`
    if (error.name !== 'RangeError' && error.name !== 'TypeError') return `${error.name}: ${error.message}`
    // The whole answer has no path.
    if (!/^(Malformed value|Expected |The value contains)/.test(error.message)) return `not a sentence of ours: ${error.message}`
    if (!/ \(at .+\)$/.test(error.message) && !/^\s*\{\s*"@/.test(text)) return `no path: ${error.message}`
    if (error.message.length > 2000) return `a message of ${error.message.length} characters`
  }
  if (Object.keys(Object.prototype).length) return 'the prototype of all objects was changed'
  return undefined
}

if (isMainThread)
  test(`${CASES} malformed answers: a value or a documented error, soon`, async () => {
    const one = process.env.COUNTERSIGN_CASE
    const worker = new Worker(fileURLToPath(import.meta.url), { env: process.env, execArgv: [] })
    let done = 0, last = Date.now(), values = 0, rejected = 0
    try {
      await new Promise((resolve, reject) => {
        const watch = setInterval(() => Date.now() - last > LIMIT && reject(new Error(`seed ${SEED}: one of the cases ${done} to ${done + 99} did not end within ${LIMIT} ms`)), 250)
        worker.on('message', (message) => {
          last = Date.now()
          done = message.done
          values += message.values
          rejected += message.rejected
          if (message.wrong) reject(new Error(`COUNTERSIGN_SEED=${SEED} COUNTERSIGN_CASE=${message.n}: ${message.wrong}\n${make(message.n).slice(0, 2000)}`))
          if (done >= (one ? 1 : CASES)) resolve(undefined)
        })
        worker.on('error', reject)
        worker.on('exit', (code) => reject(new Error(`the worker ended (${code}) near case ${done}`)))
        worker.once('exit', () => clearInterval(watch))
        worker.postMessage(one === undefined ? { from: 0, to: CASES } : { from: Number(one), to: Number(one) + 1 })
      })
    } finally {
      await worker.terminate()
    }
    // Mutations that always break, or never do, test nothing.
    if (!one) assert.ok(values > CASES / 10 && rejected > CASES / 4, `${values} values, ${rejected} errors: the mutations are off`)
  })
else
  parentPort?.once('message', async ({ from, to }) => {
    const { TaggedTypeFormat: T } = await ours()
    console.warn = () => {}
    let values = 0, rejected = 0
    for (let n = from; n < to; n++) {
      const text = make(n)
      const wrong = judge(T, text, pick(prng(n), ['number', 'bigint', 'auto']))
      try {
        T.decode(text)
        values++
      } catch {
        rejected++
      }
      if (wrong || (n + 1) % 100 === 0 || n + 1 === to) {
        parentPort?.postMessage({ done: n + 1 - (to - from === 1 ? from : 0), n, wrong, values, rejected })
        values = rejected = 0
        if (wrong) return
      }
    }
  })
