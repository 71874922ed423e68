// One stream's bytes on their way out, and what the knobs do to them: wait before the first, hold them back, cut them into
// chunks in the middle of a character, or break the connection in the middle of an event.
import { constants } from 'node:http2'
import { delay } from '../lib/index.mjs'

const END = '\r\n'

export class Line {
  /** @param {import('node:http').ServerResponse} res @param {Record<string, string>} headers @param {() => any} knobs */
  constructor(res, headers, knobs) {
    Object.assign(this, { res, headers, knobs })
    /** What waits to be written, in order. @type {(() => void)[]} */
    this.waiting = []
    this.ready = false
  }
  async open() {
    const { firstByteMs } = this.knobs()
    if (firstByteMs > 0) {
      const gone = new AbortController()
      this.res.on('close', () => gone.abort())
      await delay(firstByteMs, gone.signal)
    }
    if (this.res.destroyed) return
    this.res.writeHead(200, { ...this.headers, 'content-type': 'application/json;charset=utf-8' })
    this.res.flushHeaders()
    this.ready = true
    this.turned()
  }
  /** @param {string} text an event */
  send(text) {
    this.put(() => {
      const knobs = this.knobs()
      if (knobs.cutNext > 0) {
        knobs.cutNext -= 1
        return this.cut(text)
      }
      for (const piece of knobs.splitChunks ? pieces(Buffer.from(text + END)) : [text + END]) this.res.write(piece)
    })
  }
  end() {
    this.put(() => this.res.end())
  }
  /** The knobs have changed, or the first byte may go. */
  turned() {
    while (this.ready && !this.knobs().silent && this.waiting.length) this.waiting.shift()?.()
  }

  put(write) {
    this.waiting.push(write)
    this.turned()
  }
  /** Resets the connection once half of the event is out. @param {string} text the event */
  cut(text) {
    this.waiting.length = 0
    this.ready = false
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

/** Cut inside every character of several bytes, and once in the middle if there is none. @param {Buffer} bytes */
function pieces(bytes) {
  const cuts = [...bytes.keys()].filter((i) => (bytes[i] & 0b1100_0000) === 0b1000_0000)
  const ends = [...(cuts.length ? cuts : [bytes.length >> 1]), bytes.length]
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}
