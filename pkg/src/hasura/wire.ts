// One WebSocket: its frames in, its frames out, in the words of graphql-transport-ws. What is on it is none of its business.
import { scrub } from '../errors.js'

/** The subprotocols that Hasura speaks, by their names on the wire. */
export type Protocol = 'graphql-transport-ws' | 'graphql-ws'

/** A message, as graphql-transport-ws has it. */
export interface Message {
  type: string
  id?: string
  payload?: any
}

/** What comes of a socket. */
export interface Ears {
  opened(wire: Wire): void
  message(wire: Wire, message: Message, frame: string): void
  /** What came is no message. */
  garbled(wire: Wire, error: unknown): void
  error(wire: Wire, event: unknown): void
  closed(wire: Wire, event: CloseLike): void
}

/** A CloseEvent, or what stands for one. */
export interface CloseLike {
  code: number
  reason: string
  wasClean?: boolean
}

/** Translates between graphql-transport-ws and another subprotocol. */
export interface Dialect {
  out(message: Message): Message | undefined
  in(message: Message): Message
}

/** How texts are made and read. */
export interface Texts {
  replacer?: ((this: any, key: string, value: any) => any) | undefined
  reviver?: ((this: any, key: string, value: any) => any) | undefined
}

/** Code 4499, as graphql-ws names it. */
export class TerminatedCloseEvent extends Error implements CloseLike {
  override name = 'TerminatedCloseEvent'
  override message = '4499: Terminated'
  code = 4499
  reason = 'Terminated'
  wasClean = false
}

/** As the reason of a close frame, which carries 123 bytes. */
export const reasonOf = (error: unknown): string => {
  const text = scrub(error)
  return new TextEncoder().encode(text).length < 124 ? text : 'Internal client error'
}

export class Wire {
  readonly id: number
  readonly socket: WebSocket
  /** Said before a refusal. */
  words = ''
  /** By the wall clock. */
  heardAt = 0
  acked = false
  readonly #texts: Texts
  readonly #dialect: Dialect | undefined
  readonly #ears: Ears

  /** Throws what the constructor of WebSocket throws. */
  constructor(id: number, Socket: typeof WebSocket, url: string | URL, protocol: Protocol, dialect: Dialect | undefined, texts: Texts, ears: Ears) {
    this.id = id
    this.#texts = texts
    this.#dialect = dialect
    this.#ears = ears
    // As a text: what stands for a WebSocket may know no URL objects.
    const socket = (this.socket = new Socket(String(url), protocol))
    socket.onopen = () => ears.opened(this)
    socket.onerror = (event) => ears.error(this, event)
    socket.onclose = (event) => ears.closed(this, event)
    socket.onmessage = ({ data }) => this.#read(data)
  }

  #read(data: unknown): void {
    let message: Message
    try {
      if (typeof data !== 'string') throw new TypeError('a binary frame, where text was expected')
      message = JSON.parse(data, this.#texts.reviver)
      if (typeof message?.type !== 'string') throw new TypeError('a frame without a type')
      if (this.#dialect) message = this.#dialect.in(message)
      const { type, payload } = message
      if (type === 'next' && (typeof payload !== 'object' || !payload || Array.isArray(payload))) throw new TypeError('a result that is no object')
    } catch (error) {
      return this.#ears.garbled(this, error)
    }
    this.#ears.message(this, message, data)
  }

  get open(): boolean {
    return this.socket.readyState === 1
  }

  send(message: Message): void {
    const out = this.#dialect ? this.#dialect.out(message) : message
    if (out && this.open) this.socket.send(JSON.stringify(out, this.#texts.replacer))
  }

  /** What does not answer (4499, 4504) is not waited for: its end is said here and now. */
  close(code: number): void {
    const { socket } = this
    const reason = code === 1000 ? 'Normal Closure' : 'Connection acknowledgement timeout'
    // Not null: an error without a listener ends a Node process.
    if (code !== 1000) socket.onopen = socket.onmessage = socket.onerror = socket.onclose = () => {}
    try {
      socket.close(code, code === 4499 ? 'Terminated' : reason)
    } catch {
      // Some implementations refuse to close what is not open yet.
    }
    if (code !== 1000) this.#ears.closed(this, code === 4499 ? new TerminatedCloseEvent() : { code, reason, wasClean: false })
  }
}
