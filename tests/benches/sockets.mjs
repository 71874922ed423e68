// A GraphQL server over sockets that no client keeps waiting: what it says is made before the first byte of it goes out, and goes out in one piece.
import { Sender, WebSocketServer } from 'ws'

/** One text frame, as a server sends it. */
const frame = (text) => Buffer.concat(Sender.frame(Buffer.from(text), { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true }))

const result = (id, rows) => frame(`{"id":${id},"type":"next","payload":{"data":{"orders":[${rows}]}}}`)
/** A row of some 200 characters. */
const row = (n, socket) => JSON.stringify({ id: n, socket, item: `Please leave parcel ${n} with the neighbour`, owner: 'user_bench', total: n * 7, open: n % 2 === 0, room: 'kitchen', at: '2024-11-21T09:06:40.123456+00:00' })

/**
 * What a subscription is answered: `$count` results in a row and the end of it; without `$count` one result, with the number of the socket in it, so that it is
 * another one after a reconnect.
 * @param {{ id: string, payload: { variables?: { count?: number, n?: number } } }} message @param {number} socket
 */
const answer = ({ id: name, payload: { variables = {} } }, socket) => {
  const id = JSON.stringify(name)
  const { count, n = 0 } = variables
  if (count === undefined) return result(id, row(n, socket))
  const frames = Array.from({ length: count }, (_, i) => result(id, row(i, socket)))
  return Buffer.concat([...frames, frame(`{"id":${id},"type":"complete"}`)])
}

/**
 * Answers every upgrade of an HTTP server.
 * @param {import('node:http').Server} server
 * @returns {{ drop(path: string): number, stop(): void }} `drop`: ends the connections that were opened under this path, without a frame; how many there were
 */
export const sockets = (server) => {
  const places = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  /** @type {Map<import('ws').WebSocket, string>} */
  const open = new Map()
  let made = 0
  server.on('upgrade', (request, tcp, head) => {
    places.handleUpgrade(request, tcp, head, (socket) => {
      const number = ++made
      /** Past `ws`, which writes frame by frame: what is asked in one go is answered in one. @param {Buffer} frames */
      const say = (frames) => {
        if (!tcp.writableCorked) {
          tcp.cork()
          setImmediate(() => tcp.uncork())
        }
        tcp.write(frames)
      }
      open.set(socket, request.url)
      socket.on('close', () => open.delete(socket)).on('error', () => {})
      socket.on('message', (data) => {
        const message = JSON.parse(String(data))
        // A socket that lost its token cannot pass as fast.
        if (message.type === 'connection_init') message.payload?.headers?.Authorization?.startsWith('Bearer ey') ? socket.send('{"type":"connection_ack"}') : socket.close(4403, 'Forbidden')
        else if (message.type === 'ping') socket.send('{"type":"pong"}')
        else if (message.type === 'subscribe') say(answer(message, number))
      })
    })
  })
  return {
    drop(path) {
      const here = [...open].filter(([, at]) => at === path)
      for (const [socket] of here) socket.terminate()
      return here.length
    },
    stop() {
      for (const socket of open.keys()) socket.terminate()
      places.close()
    },
  }
}
