// The named switches of the realtime sessions, over WebSocket and SSE alike. They are turned over POST /__knobs or with `turn`
// of the server's own object. `revoke`, `rejectNext`, `readOnly` and `disabled` of ../server.mjs count here too: a revoked
// token ends nothing that is open, and a change of `readOnly` or `disabled` is told to everybody as `app-status-changed`.
//
// | switch                      | what it does                                                                                      |
// |-----------------------------|---------------------------------------------------------------------------------------------------|
// | `opDelayMs: 0`              | before a message is looked at; by op: `{ transact: 200 }`                                           |
// | `sendDelayMs: 0`            | before a frame is sent; by op: `{ 'refresh-ok': 200 }`, and the others overtake it                  |
// | `hold: []`                  | frames of these ops, or of all with `true`, wait until they are no longer named: late frames       |
// | `duplicate: []`             | frames of these ops, or of all with `true`, are sent twice                                         |
// | `batch: false`              | frames that are sent at one moment go as one array, a single one too                               |
// | `ignore: []`                | messages of these ops are read and nothing is done                                                  |
// | `silent: []`                | messages of these ops are carried out and never answered                                           |
// | `failOp: null`              | `{ op, times?, status?, type?, message?, hint? }`: those messages are answered with that `error`    |
// | `frozen: false`             | all connections, new ones too, are half open: nothing is read or sent. Turned off, it goes on      |
// | `pingMs: 5000`              | between two pings; 0: none                                                                        |
// | `silenceMs: 15000`          | a peer that answers no ping for so long is dropped                                                 |
// | `refuseUpgrade: null`       | `{ status, times? }`: handshakes of the socket are refused with it                                  |
// | `hangUpgrade: false`        | handshakes are never answered; a number: that many. Turned off, those that wait are cut            |
// | `refuseSse: null`           | `{ status, times? }`: the event stream is refused with it                                           |
// | `refuseSsePost: null`       | `{ status, times? }`: messages of an event stream are refused with it                               |
//
// Done once, when sent; with `socket: n` beside it to that connection only:
// | `drop: true`                | the TCP connections go, no frame                                                                  |
// | `closeAll: { code, reason }`| close frames; an event stream just ends                                                            |
// | `freeze: true`              | those open now become half open; new ones work. `frozen: false` ends it                             |
// | `garbage: true`             | an unknown op, frames without what they need, answers to nobody's message, text that is no JSON; or a list: `op`, `empty`, `ids`, `text` |
// | `rawFrame: 'text'`          | this text                                                                                         |

export const STATES = {
  opDelayMs: 0, sendDelayMs: 0, hold: [], duplicate: [], batch: false, ignore: [], silent: [], failOp: null, frozen: false,
  pingMs: 5000, silenceMs: 15_000, refuseUpgrade: null, hangUpgrade: false, refuseSse: null, refuseSsePost: null,
}

/** @typedef {import('./session.mjs').Session} Session */

/** @type {Record<string, (session: Session, value: any) => void>} */
const ACTS = {
  drop: (session) => session.drop(),
  closeAll: (session, { code = 1000, reason = '' }) => session.close(code, reason),
  freeze: (session) => session.freeze(),
  garbage: (session, which) => {
    for (const [name, frame] of Object.entries(GARBAGE)) if (which === true || which.includes(name)) session.line.write(frame)
  },
  rawFrame: (session, text) => session.line.write(text),
}

/** @type {Record<string, string>} */
const GARBAGE = {
  op: '{"op":"of-tomorrow","payload":{"x":1}}',
  empty: '[{"op":"refresh-ok"},{"op":"add-query-ok"},{"op":"transact-ok"},{"op":"patch-presence"},{}]',
  ids: '[{"op":"transact-ok","tx-id":1,"client-event-id":"nobodys"},{"op":"error","status":400,"message":"nobody asked","client-event-id":"nobodys"}]',
  text: 'no JSON {',
}

/** @param {Record<string, any>} changed @param {Record<string, any>} knobs @param {Set<Session>} sessions */
export function act(changed, knobs, sessions) {
  const touched = [...sessions].filter(({ record, closed }) => !closed && (changed.socket === undefined || record.id === changed.socket))
  delete knobs.socket
  for (const [name, run] of Object.entries(ACTS)) {
    delete knobs[name]
    const value = changed[name]
    if (value !== undefined && value !== false && value !== null) for (const session of touched) run(session, value)
  }
}

/** Takes one of a knob that is true, false or a number. @param {Record<string, any>} knobs @param {string} name */
export function takes(knobs, name) {
  if (typeof knobs[name] !== 'number') return Boolean(knobs[name])
  if (knobs[name] <= 0) return false
  knobs[name] -= 1
  return true
}

/** Takes one of a knob that is an object with `times`, or null. @param {Record<string, any>} knobs @param {string} name @returns {any} */
export function counted(knobs, name) {
  const value = knobs[name]
  if (value && typeof value.times === 'number' && --value.times <= 0) knobs[name] = null
  return value
}

/** Whether a list of ops, or `true`, means this one. @param {true | string[]} which @param {string} op */
export const names = (which, op) => which === true || (Array.isArray(which) && which.includes(op))

/** @param {number | Record<string, number>} ms @param {string} op */
export const delayOf = (ms, op) => (typeof ms === 'number' ? ms : ms[op] ?? 0)
