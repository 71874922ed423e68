import { kind } from './kind.js'

/** One page of a set. */
export class Page<T = any> {
  /** The items of this page: 16 unless the query said otherwise. */
  declare readonly data: T[]
  /** The cursor of the next page; `undefined` on the last. */
  declare readonly after?: string

  constructor({ data, after }: { data: T[]; after?: string }) {
    this.data = data
    this.after = after
  }

  /** `{ data, after }`; `after` is left out on the last page. */
  toJSON(): unknown {
    return { ...this }
  }

  /** @internal */
  get [kind](): 'set' {
    return 'set'
  }
}

/** A set inside a value that was not read: only its cursor. `client.paginate` reads it. */
export class EmbeddedSet {
  declare readonly after: string

  constructor(after: string) {
    this.after = after
  }

  /** The cursor, as Fauna's `simple` format writes it. */
  toJSON(): string {
    return this.after
  }

  /** @internal */
  get [kind](): 'set' {
    return 'set'
  }
}

/** An event source: what `eventSource()` and `eventsOn()` return. It is no credential; whoever uses it is authorised separately. */
export class StreamToken {
  declare readonly token: string

  constructor(token: string) {
    this.token = token
  }

  /** The token, as Fauna's `simple` format writes it. */
  toJSON(): string {
    return this.token
  }

  /** @internal */
  get [kind](): 'stream' {
    return 'stream'
  }
}
