// Serves the bench pages and answers, in each backend's words, what a healthy page asks.
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { sockets } from './sockets.mjs'

const headers = {
  'cache-control': 'no-store',
  // Isolated pages get a clock of 5 microseconds instead of 100.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

const row = JSON.stringify({ rows: Array.from({ length: 12 }, (_, id) => ({ id, body: `Please leave parcel ${id} with the neighbour`, open: id % 2 === 0 })) })
const user = { id: '6f1c2d3e-0000-4000-8000-000000000001', email: 'alice@example.com', refresh_token: '6f1c2d3e-0000-4000-8000-000000000002', app_id: '6f1c2d3e-0000-4000-8000-000000000003', type: 'user' }

/** Answers by path; `signed`: 401 without a bearer token, so that a request which lost its token cannot pass as fast. */
const api = {
  '/api/row': { signed: true, body: row },
  '/query/1': { signed: true, body: JSON.stringify({ data: 'Hello World!', summary: '', txn_ts: 1732180000000000, stats: {}, schema_version: 0 }) },
  '/v1/graphql': { signed: true, body: JSON.stringify({ data: { messages: [{ id: '1' }] } }) },
  '/api/query': { signed: true, body: JSON.stringify({ status: 'success', value: [1], logLines: [] }) },
  '/runtime/oauth/id_token': { body: JSON.stringify({ user }) },
  '/admin/query': { body: JSON.stringify({ todos: [{ id: '1' }] }) },
}

/** Events of one stream as Fauna sends them, some 300 bytes each, a status first. @param {number} count */
const events = (count) => {
  const stats = { read_ops: 1, storage_bytes_read: 180, compute_ops: 1, processing_time_ms: 1 }
  const lines = [JSON.stringify({ type: 'status', txn_ts: 1732180000000000, cursor: 'gsGabc123', stats })]
  for (let i = 0; i < count; i++) {
    const data = { '@doc': { id: String(398000000000000000n + BigInt(i)), coll: { '@mod': 'Order' }, ts: { '@time': '2024-11-21T09:06:40.123Z' }, total: { '@int': String(i) }, views: { '@long': String(5000000000 + i) } } }
    lines.push(JSON.stringify({ type: 'update', data, txn_ts: 1732180000000001 + i, cursor: `gsGabc${i}`, stats: { ...stats, compute_ops: i % 7 } }))
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`)
}
/** @type {Map<number, Buffer>} */
const made = new Map()

function* pieces(/** @type {Buffer} */ bytes) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

/** As many events as the token says, as fast as they are read; then the stream stays open, as streams do. */
const stream = (response, token) => {
  const count = Number(token)
  if (!made.has(count)) made.set(count, events(count))
  const bytes = /** @type {Buffer} */ (made.get(count))
  response.writeHead(200, { ...headers, 'content-type': 'application/json' })
  Readable.from(pieces(bytes)).pipe(response, { end: false })
}

/**
 * DELETE drops the sockets that were opened under a path.
 * @param {Map<string, Uint8Array>} files  by path
 * @returns {Promise<{ url: string, asked: string[], said(): Promise<string>, stop(): Promise<void> }>} `asked`: the paths of files asked for, to be emptied by the reader;
 *   `said`: the next text that a page which was opened with a query (pages/alone.js) sends
 */
export const serve = (files) =>
  new Promise((resolve, reject) => {
    const asked = []
    let hear = (_) => {}
    const said = () => new Promise((heard) => (hear = heard))
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://bench').pathname
      const answer = (status, type, body) => response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
      let text = ''
      request.setEncoding('utf8').on('data', (part) => (text += part))
      request.on('end', () => {
        if (path === '/') return answer(200, 'text/html', `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>bench</title>${request.url?.includes('?') ? '<script type="module" src="/alone.js"></script>' : ''}`)
        if (path === '/said') return hear(text), answer(200, 'text/plain', '')
        if (request.method === 'DELETE') return answer(200, 'text/plain', String(wires.drop(path)))
        if (path === '/stream/1') return stream(response, JSON.parse(text).token)
        const known = api[path]
        if (known) return known.signed && !request.headers.authorization?.startsWith('Bearer ey') ? answer(401, 'application/json', '{}') : answer(200, 'application/json', known.body)
        const file = files.get(path)
        if (!file) return answer(404, 'text/plain', 'not here')
        asked.push(path)
        return answer(200, 'text/javascript', file)
      })
    })
    const wires = sockets(server)
    // Longer than any pause between two rows, so that no sample pays for a new connection.
    server.keepAliveTimeout = 120_000
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      const stop = () => new Promise((done) => {
        wires.stop()
        server.close(() => done(undefined))
        server.closeAllConnections()
      })
      resolve({ url: `http://127.0.0.1:${port}`, asked, said, stop })
    })
  })
