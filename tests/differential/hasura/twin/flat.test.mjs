// Whatever comes and goes, nothing stays: sockets, operations, listeners and timers, counted and weighed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const stage = new URL('./stage.mjs', import.meta.url).href
const rounds = Number(process.env.COUNTERSIGN_ROUNDS ?? 1000)

/** Runs `body` in a process of its own, with a garbage collector; `round` is done `rounds` times, and the heap weighed after a tenth of them and at the end. @param {string} body */
const weigh = async (body) => {
  const script = `
    import { hasura, ours, query, startServer, WebSocket, until } from ${JSON.stringify(stage)}
    // A server with a memory of nothing, and a socket without a network: what is weighed is ours.
    let made = 0
    let listening = 0
    class Socket {
      readyState = 0
      constructor() {
        made++
        queueMicrotask(() => { this.readyState = 1; this.onopen?.() })
      }
      send(text) {
        const { type, id } = JSON.parse(text)
        const answer = (message) => queueMicrotask(() => this.readyState === 1 && this.onmessage?.({ data: JSON.stringify(message) }))
        if (type === 'connection_init') answer({ type: 'connection_ack' })
        if (type === 'subscribe') answer({ id, type: 'next', payload: { data: { text: 'x'.repeat(1000) } } })
      }
      close(code) {
        if (this.readyState === 3) return
        this.readyState = 3
        queueMicrotask(() => this.onclose?.({ code, reason: '', wasClean: true }))
      }
      addEventListener() { listening++ }
      removeEventListener() { listening-- }
    }
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const weight = async () => {
      for (let i = 0; i < 4; i++) { await new Promise((resolve) => setTimeout(resolve, 5)); gc() }
      return process.memoryUsage().heapUsed
    }
    let round
    let after = () => {}
    ${body}
    for (let i = 0; i < ${rounds / 10}; i++) await round(i)
    const [before, timersBefore] = [await weight(), timers()]
    for (let i = 0; i < ${rounds}; i++) await round(i)
    const grown = await weight() - before
    console.log(JSON.stringify({ grown, timers: timers() - timersBefore, made, listening, ...after() }))
    process.exit()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], { maxBuffer: 1 << 20 })
  return JSON.parse(stdout)
}

/** Less than that is noise: half of what one leaked operation with its frame would weigh, for each of them. */
const flat = ({ grown, timers, listening }) => {
  assert.ok(grown < rounds * 400, `the heap grew by ${grown} bytes in ${rounds} rounds`)
  assert.deepEqual([timers, listening], [0, 0])
}

const once = `
  const first = (client) => new Promise((resolve, reject) => {
    const stop = client.subscribe({ query }, { next: () => { stop(); resolve() }, error: reject, complete() {} })
  })`

test('operations that come and go on one socket of createWsClient', async () => {
  const found = await weigh(`${once}
    const client = ours({ url: 'ws://server.test', webSocketImpl: Socket, lazy: false })
    round = () => first(client)`)
  flat(found)
  assert.equal(found.made, 1)
})

test('sockets of createWsClient that come and go', async () => {
  const found = await weigh(`${once}
    const client = ours({ url: 'ws://server.test', webSocketImpl: Socket })
    round = () => first(client)`)
  flat(found)
  assert.ok(found.made > rounds, `${found.made} sockets`)
})

test('iterators that are left', async () => {
  flat(await weigh(`
    const client = ours({ url: 'ws://server.test', webSocketImpl: Socket, lazy: false })
    round = async () => { for await (const result of client.iterate({ query })) break }`))
})

test('listeners that come and go, and clients', async () => {
  flat(await weigh(`${once}
    round = async () => {
      const client = ours({ url: 'ws://server.test', webSocketImpl: Socket, lazyCloseTimeout: 10_000, keepAlive: 10_000, on: { message() {} } })
      client.on('closed', () => {})()
      await first(client)
      await client.dispose()
    }`))
})

test('operations and sockets of HasuraClient that come and go', async () => {
  const found = await weigh(`${once}
    globalThis.WebSocket = Socket
    const { client } = hasura('ws://127.0.0.1:1/v1/graphql')
    round = async (i) => {
      await first(client)
      if (i % 2) client.terminate()
    }`)
  flat(found)
  assert.ok(found.made > rounds / 3, `${found.made} sockets`)
})
