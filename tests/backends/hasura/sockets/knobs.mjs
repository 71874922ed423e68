// The named switches of the sockets. They are turned over POST /__knobs or with `turn` of the server's own object.
//
// | switch                        | what it does                                                                                    |
// |-------------------------------|-------------------------------------------------------------------------------------------------|
// | `engine: 'v2.25'`             | a refused init of the modern dialect is `connection_error` and 4400 (default `v2.30`: 4403)       |
// | `keepaliveMs: 5000`           | between two pings or `ka`; 0: none but those at the start                                         |
// | `cutAtExp: true`              | the connection goes without a frame when the token it began with is over                          |
// | `refetchMs: 1000`             | between two looks of live queries and streams                                                     |
// | `ackDelayMs: 0`               | before `connection_ack`                                                                           |
// | `nextDelayMs: 0`              | before every frame of an operation, in order                                                      |
// | `holdNext: false`             | results wait until it is turned off                                                               |
// | `duplicateNext: false`        | every result is sent twice; a number: that many                                                   |
// | `frozen: false`               | all sockets, new ones too, are half open: nothing is read or sent. Turned off, it goes on          |
// | `errorShape: null`            | payload of `error`: `'object'`, `'array'` or `'string'`; null: as the engine does                 |
// | `liveError: null`             | a text: what every look of live queries and streams fails with, at every look                     |
// | `refuseInit: 0`               | that many good inits are refused, with `refuseInitWith`                                           |
// | `hangInit: 0`                 | that many inits are never answered                                                                |
// | `dropInit: 0`                 | that many inits are answered with the end of the TCP connection                                    |
// | `mutationsHang: false`        | mutations are executed and never answered; a number: that many                                    |
// | `refuseUpgrade: null`         | `{ status, times? }`: handshakes are refused with it                                              |
// | `hangUpgrade: false`          | handshakes are never answered; a number: that many. Turned off, those that wait are cut            |
// | `shuttingDown: false`         | handshakes are refused with 503 and `Retry-After: 0`                                              |
//
// Done once, when sent; with `socket: n` beside it to that socket only:
// | `drop: true`                  | the TCP connections go, no frame                                                                  |
// | `closeAll: { code, reason }`  | close frames                                                                                      |
// | `restart: 'reason'`           | 1012, e.g. `shutting server down`, `auth mode changed`, `cors policy changed`, `allow list updated` |
// | `freeze: true`                | those open now become half open; new ones work. `frozen: false` ends it                           |
// | `unknownFrames: true`         | unknown type, unknown ids, a result without an id, text that is no JSON, binary; or a list: `type`, `ids`, `noId`, `text`, `binary` |
// | `rawFrame: 'text'`            | this text; `$id` in it becomes the id of a running operation                                       |
// | `burst: { count, size? }`     | so many results, of about `size` characters, to every running subscription                         |

export const STATES = {
  engine: 'v2.30', keepaliveMs: 5000, cutAtExp: true, refetchMs: 1000, ackDelayMs: 0, nextDelayMs: 0, holdNext: false, duplicateNext: false,
  frozen: false, errorShape: null, liveError: null, refuseInit: 0, refuseInitWith: 'Could not verify JWT: JWTExpired', hangInit: 0, dropInit: 0,
  mutationsHang: false, refuseUpgrade: null, hangUpgrade: false, shuttingDown: false,
}

/** @typedef {import('./socket.mjs').Socket} Socket */

/** @type {Record<string, (socket: Socket, value: any) => void>} */
const ACTS = {
  drop: (socket) => {
    socket.drop()
    socket.ws.terminate()
  },
  closeAll: (socket, { code = 1000, reason = '' }) => socket.close(code, reason),
  restart: (socket, reason) => socket.close(1012, reason),
  freeze: (socket) => socket.line.freeze(),
  unknownFrames: (socket, which) => {
    for (const [name, frame] of Object.entries(UNKNOWN)) if (which === true || which.includes(name)) socket.line.send(frame(socket.dialect.result))
  },
  rawFrame: (socket, text) => socket.line.send(text.replaceAll('$id', [...socket.operations.keys()][0] ?? 'none')),
  burst: (socket, { count, size = 100 }) => socket.burst(count, size),
}

/** @type {Record<string, (result: string) => string | Buffer>} */
const UNKNOWN = {
  type: () => JSON.stringify({ type: 'of_tomorrow', payload: { x: 1 } }),
  ids: (result) => JSON.stringify({ type: result, id: 'nobody-asked', payload: { data: { x: 1 } } }),
  noId: (result) => JSON.stringify({ type: result, payload: { data: { x: 1 } } }),
  text: () => 'no JSON {',
  binary: () => Buffer.from([0, 1, 2, 255]),
}

/** @param {Record<string, any>} changed @param {Record<string, any>} knobs @param {Set<Socket>} sockets */
export function act(changed, knobs, sockets) {
  const touched = [...sockets].filter(({ record, closed }) => !closed && (changed.socket === undefined || record.id === changed.socket))
  delete knobs.socket
  for (const [name, run] of Object.entries(ACTS)) {
    delete knobs[name]
    const value = changed[name]
    if (value !== undefined && value !== false && value !== null) for (const socket of touched) run(socket, value)
  }
}

/** Takes one of a knob that is true, false or a number. @param {Record<string, any>} knobs @param {string} name */
export function takes(knobs, name) {
  if (typeof knobs[name] !== 'number') return Boolean(knobs[name])
  if (knobs[name] <= 0) return false
  knobs[name] -= 1
  return true
}
