// Serves the bench pages and answers, in each backend's words, what a healthy page asks.
import { createServer } from 'node:http'

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

/**
 * @param {Map<string, Uint8Array>} files  by path
 * @returns {Promise<{ url: string, asked: string[], stop(): Promise<void> }>} `asked`: the paths of files asked for, to be emptied by the reader
 */
export const serve = (files) =>
  new Promise((resolve, reject) => {
    const asked = []
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://bench').pathname
      const answer = (status, type, body) => response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
      request.resume()
      request.on('end', () => {
        if (path === '/') return answer(200, 'text/html', '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>bench</title>')
        const known = api[path]
        if (known) return known.signed && !request.headers.authorization?.startsWith('Bearer ey') ? answer(401, 'application/json', '{}') : answer(200, 'application/json', known.body)
        const file = files.get(path)
        if (!file) return answer(404, 'text/plain', 'not here')
        asked.push(path)
        return answer(200, 'text/javascript', file)
      })
    })
    // Longer than any pause between two rows, so that no sample pays for a new connection.
    server.keepAliveTimeout = 120_000
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      const stop = () => new Promise((done) => {
        server.close(() => done(undefined))
        server.closeAllConnections()
      })
      resolve({ url: `http://127.0.0.1:${port}`, asked, stop })
    })
  })
