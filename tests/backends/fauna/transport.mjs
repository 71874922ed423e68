// What Fauna's port does that node:http alone does not: HTTP/2 without TLS on the same port (the driver's default in
// Node), one limit for all headers together, and one for the body, each with Fauna's own answer.
import { createServer as createHttp2 } from 'node:http2'

const PREFACE = Buffer.from('PRI * HTTP/2.0')
export const MAX_HEADERS = 8 * 1024
const MAX_BODY = 8 * 1024 * 1024
/** Not the usual envelope: the transport of Fauna answers with a bare string. */
const BAD_REQUEST = JSON.stringify({ error: 'bad request' })
const TOO_LARGE = JSON.stringify({ error: { code: 'request_size_exceeded', message: 'Request body size exceeds the maximum.' } })

/**
 * Fits a listening http server (of `serve`) with the above.
 * @param {import('node:http').Server} server
 * @param {(req: { headers: any, method: string }) => Record<string, string>} cors
 */
export function harden(server, cors) {
  const [answer] = server.listeners('request')
  server.removeAllListeners('request')
  const guarded = (req, res) => {
    const refuse = (status, body) => res.writeHead(status, { ...cors(req), 'content-type': 'application/json' }).end(body)
    if (headerBytes(req) > MAX_HEADERS) return refuse(400, BAD_REQUEST)
    if (Number(req.headers['content-length'] ?? 0) > MAX_BODY) return refuse(413, TOO_LARGE)
    answer(req, res)
  }
  server.on('request', guarded)
  // Past node's own limit the request is not parsed at all.
  server.on('clientError', (error, socket) => {
    if (!socket.writable) return socket.destroy()
    socket.end(`HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${BAD_REQUEST.length}\r\nconnection: close\r\n\r\n${BAD_REQUEST}`)
  })

  const http2 = createHttp2()
  http2.on('request', (req, res) => {
    // The compatibility layer has no such property; the log of requests asks for it.
    Object.defineProperty(res, 'writableFinished', { get: () => res.stream?.writableFinished ?? true })
    guarded(req, res)
  })
  http2.on('sessionError', () => {})
  const [http1, ...others] = server.listeners('connection')
  server.removeAllListeners('connection')
  for (const listener of others) server.on('connection', listener)
  server.on('connection', (socket) => sniff(socket, (isHttp2) => (isHttp2 ? http2.emit('connection', socket) : http1.call(server, socket))))
}

/** Waits for enough bytes to tell the two protocols apart, and puts them back. */
function sniff(socket, decide) {
  socket.on('error', () => socket.destroy())
  const read = () => {
    const head = socket.read()
    if (head === null) return void socket.once('readable', read)
    socket.unshift(head)
    const length = Math.min(head.length, PREFACE.length)
    const maybe = head.subarray(0, length).equals(PREFACE.subarray(0, length))
    if (maybe && head.length < PREFACE.length) return void socket.once('readable', read)
    decide(maybe)
  }
  socket.once('readable', read)
}

const headerBytes = (req) => req.rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text) + 2, 0)
