// The way out of one socket. Frames of operations keep their order whatever the knobs do to them: a `complete` never
// overtakes the `next` that is held back.

/** @typedef {{ text: string, due: number, next: boolean }} Held */

export class Line {
  /** @param {import('ws').WebSocket} ws @param {() => Record<string, any>} knobs */
  constructor(ws, knobs) {
    this.ws = ws
    this.knobs = knobs
    /** A half-open connection: nothing is read or sent. */
    this.frozen = false
    /** @type {(string | Buffer)[]} what would have been sent while frozen */
    this.unsent = []
    /** @type {Held[]} frames of operations that wait for their time */
    this.held = []
    this.timer = undefined
  }

  /** At once, unless frozen. @param {string | Buffer} frame */
  send(frame) {
    if (this.frozen) return void this.unsent.push(frame)
    if (this.ws.readyState === this.ws.OPEN) this.ws.send(frame)
  }

  /** A frame of an operation. @param {string} text @param {boolean} next whether it carries a result */
  tell(text, next) {
    const { nextDelayMs, holdNext } = this.knobs()
    if (!this.held.length && !nextDelayMs && !(holdNext && next)) return this.out(text, next)
    this.held.push({ text, next, due: performance.now() + nextDelayMs })
    this.pump()
  }

  out(text, next) {
    this.send(text)
    const knobs = this.knobs()
    if (!next || !knobs.duplicateNext) return
    if (typeof knobs.duplicateNext === 'number') knobs.duplicateNext -= 1
    this.send(text)
  }

  pump() {
    clearTimeout(this.timer)
    while (this.held.length) {
      const [{ text, next, due }] = this.held
      if (this.knobs().holdNext && next) return // until the knob is turned
      const left = due - performance.now()
      if (left > 0) {
        this.timer = setTimeout(() => this.pump(), left)
        return
      }
      this.held.shift()
      this.out(text, next)
    }
  }

  freeze() {
    if (this.frozen) return
    this.frozen = true
    this.ws.pause()
  }

  /** Everything that was held, before a close frame. */
  flush() {
    for (const { text, next } of this.held.splice(0)) this.out(text, next)
  }

  /** Now, or when the other side can hear of it again. @param {() => void} end of the connection */
  finish(end) {
    if (this.frozen) this.end = end
    else end()
  }

  thaw() {
    if (!this.frozen) return
    this.frozen = false
    if (this.end) return this.end()
    for (const frame of this.unsent.splice(0)) this.send(frame)
    this.ws.resume()
  }

  stop() {
    clearTimeout(this.timer)
    this.held = []
  }
}
