// The way out of one session, with everything that the knobs do to frames on it.
import { delayOf, names } from './knobs.mjs'

/** @typedef {{ op: string, [field: string]: any }} Message @typedef {{ write(text: string): void, pause(): void, resume(): void }} Transport */

export class Line {
  /** @param {Transport} transport @param {() => Record<string, any>} knobs @param {(op: string) => void} sent */
  constructor(transport, knobs, sent) {
    this.transport = transport
    this.knobs = knobs
    this.sent = sent
    /** A half-open connection: nothing is read or sent. */
    this.frozen = false
    /** @type {string[]} what would have been sent while frozen */
    this.unsent = []
    /** @type {Message[]} */
    this.held = []
    /** @type {Message[]} for the next array */
    this.batched = []
    /** @type {Set<ReturnType<typeof setTimeout>>} */
    this.timers = new Set()
    this.open = true
  }

  /** @param {Message} message */
  send(message) {
    const { hold, sendDelayMs } = this.knobs()
    if (names(hold, message.op)) return void this.held.push(message)
    const ms = delayOf(sendDelayMs, message.op)
    if (!ms) return this.out(message)
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      this.out(message)
    }, ms)
    this.timers.add(timer)
  }

  /** @param {Message} message */
  out(message) {
    const { batch, duplicate } = this.knobs()
    const copies = names(duplicate, message.op) ? [message, message] : [message]
    this.sent(message.op)
    if (!batch) return copies.forEach((copy) => this.write(JSON.stringify(copy)))
    if (this.batched.push(...copies) > copies.length) return
    setImmediate(() => this.write(JSON.stringify(this.batched.splice(0))))
  }

  /** Past the knobs. @param {string} text */
  write(text) {
    if (!this.open) return
    if (this.frozen) this.unsent.push(text)
    else this.transport.write(text)
  }

  freeze() {
    if (this.frozen) return
    this.frozen = true
    this.transport.pause()
  }

  thaw() {
    if (!this.frozen) return
    this.frozen = false
    for (const text of this.unsent.splice(0)) this.write(text)
    this.transport.resume()
  }

  /** What is no longer held goes out, in its order. */
  turned() {
    for (const message of this.held.splice(0)) this.send(message)
  }

  stop() {
    this.open = false
    for (const timer of this.timers) clearTimeout(timer)
    this.held = []
  }
}
