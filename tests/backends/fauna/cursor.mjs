// Cursors of events: the time of a transaction and the event's number in it. Several events share a time, so the time alone
// would not say which of them a caller has seen.

/** @typedef {{ ts: number, ordinal: number }} Cursor ts in microseconds */

/** After every event of its transaction. */
export const LAST = 0x7fffffff
const BYTES = 12

/** @param {Cursor} cursor */
export function writeCursor({ ts, ordinal }) {
  const bytes = Buffer.alloc(BYTES)
  bytes.writeBigInt64BE(BigInt(ts))
  bytes.writeInt32BE(ordinal, 8)
  return bytes.toString('base64')
}

/** @param {string} text @returns {Cursor | undefined} undefined: not a cursor */
export function readCursor(text) {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== BYTES || bytes.toString('base64') !== text) return undefined
  return { ts: Number(bytes.readBigInt64BE()), ordinal: bytes.readInt32BE(8) }
}

/** @param {Cursor} a @param {Cursor} b */
export const isAfter = (a, b) => a.ts > b.ts || (a.ts === b.ts && a.ordinal > b.ordinal)
