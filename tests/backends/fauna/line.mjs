// One stream's bytes on their way out, and what the knobs do to them: wait before the first, hold them back, cut them into
// chunks in the middle of a character, or break the connection in the middle of an event.
import { constants } from 'node:http2'
import { delay } from '../lib/index.mjs'

const END = '\r\n'
/** Long enough that two pieces are seldom read as one. */
const BETWEEN_PIECES_MS = 2

export class Line {
  /** @param {import('node:http').ServerResponse} res @param {Record<string, string>} headers @param {() => any} knobs */
  constructor(res, headers, knobs) {
    Object.assign(this, { res, headers, knobs })
    /** What waits to be written, in order. @type {(() => Promise<void> | void)[]} */
    this.waiting = []
    /** Nothing is written any more. */
    this.gone = new AbortController()
    res.on('close', () => this.gone.abort())
    /** Being opened or written; a second writer would get between the pieces of the first. */
    this.busy = true
  }
  async open() {
    const { firstByteMs } = this.knobs()
    if (firstByteMs > 0) await delay(firstByteMs, this.gone.signal)
    if (this.gone.signal.aborted) return
    this.res.writeHead(200, { ...this.headers, 'content-type': 'application/json;charset=utf-8' })
    this.res.flushHeaders()
    this.busy = false
    await this.write()
  }
  /** @param {string} text an event */
  send(text) {
    this.put(async () => {
      const knobs = this.knobs()
      if (knobs.cutNext > 0) {
        knobs.cutNext -= 1
        return this.cut(text)
      }
      if (!knobs.splitChunks) return void this.res.write(text + END)
      for (const piece of pieces(Buffer.from(text + END))) {
        this.res.write(piece)
        await delay(BETWEEN_PIECES_MS, this.gone.signal)
      }
    })
  }
  end() {
    this.put(() => void this.res.end())
  }
  /** The knobs have changed. */
  turned() {
    void this.write()
  }

  put(job) {
    this.waiting.push(job)
    void this.write()
  }
  async write() {
    if (this.busy) return
    this.busy = true
    while (!this.knobs().silent && !this.gone.signal.aborted && this.waiting.length) await this.waiting.shift()?.()
    this.busy = false
  }
  /** Resets the connection once half of the event is out. @param {string} text the event */
  cut(text) {
    this.gone.abort()
    if (!this.res.headersSent) return reset(this.res)
    const bytes = Buffer.from(text)
    this.res.write(bytes.subarray(0, bytes.length >> 1), () => reset(this.res))
  }
}

/** Breaks the connection (of HTTP/2: the one exchange). @param {any} res */
export function reset(res) {
  if (res.stream?.close) res.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  else res.socket?.resetAndDestroy()
}

/** Cut inside every character of several bytes, or once in the middle if there is none. @param {Buffer} bytes */
function pieces(bytes) {
  const cuts = [...bytes.keys()].filter((i) => (bytes[i] & 0b1100_0000) === 0b1000_0000)
  const ends = [...(cuts.length ? cuts : [bytes.length >> 1]), bytes.length]
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}
