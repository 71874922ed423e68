import type { Query } from './query.js'
import { EmbeddedSet, Page } from './set.js'
import type { Who } from './state.js'
import type { QueryOptions } from './wire.js'

/** What an iterator needs of a client. */
export interface Asks {
  query(query: Query<any>, options?: QueryOptions): Promise<{ data: any }>
  /** Who is signed in; pages are one person's. */
  who?(): Who
}

/**
 * A page in any of its forms: `.paginate()` in FQL and the `simple` format answer with an ordinary object of `data` and, unless it
 * is the last page, `after`, and nothing else.
 */
export const pageOf = (value: any): { data?: any[]; after?: string } | undefined => {
  if (value instanceof Page || value instanceof EmbeddedSet) return value as { data?: any[]; after?: string }
  if (typeof value !== 'object' || value === null || !Array.isArray(value.data)) return undefined
  const keys = Object.keys(value).length
  return keys === 1 || (keys === 2 && typeof value.after === 'string') ? value : undefined
}

async function* pages(client: Asks, by: Who, initial: unknown, options?: QueryOptions): AsyncGenerator<any[], void, unknown> {
  yield* (await import('./run.js')).pages(client, by, initial, options)
}

async function* items(pages: AsyncIterable<any[]>): AsyncGenerator<any, void, unknown> {
  for await (const page of pages) yield* page
}

class Iterate<T> {
  readonly #generator: AsyncGenerator<T, void, unknown>

  constructor(generator: AsyncGenerator<T, void, unknown>) {
    this.#generator = generator
  }

  /** The next one. Rejects as `client.query` does, after which the iteration is over. */
  next(): Promise<IteratorResult<T, void>> {
    return this.#generator.next()
  }

  /** Ends the iteration; a request under way is not interrupted (give `signal` for that). */
  return(): Promise<IteratorResult<T, void>> {
    return this.#generator.return()
  }

  /** Ends the iteration with an error. */
  throw(error: unknown): Promise<IteratorResult<T, void>> {
    return this.#generator.throw(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** The pages of a set, each an array; one request per page, made when it is asked for. */
export class SetIterator<T = any> extends Iterate<T[]> {
  /** @throws TypeError when `initial` is neither a page, nor a set, nor a function. */
  constructor(client: Asks, initial: Page<T> | EmbeddedSet | (() => Promise<T | Page<T> | EmbeddedSet>), options?: QueryOptions) {
    if (typeof initial !== 'function' && !pageOf(initial)) throw new TypeError('Expected a Page, an EmbeddedSet or a function that answers one of them')
    super(pages(client, client.who?.(), initial, options))
  }

  /** The pages of what a query answers; an answer that is no set is one page of one item. */
  static fromQuery<T = any>(client: Asks, query: Query<any>, options?: QueryOptions): SetIterator<T> {
    return new SetIterator<T>(client, async () => (await client.query(query, options)).data, options)
  }

  /** This page and those after it, or the pages of a set that came inside a value. */
  static fromPageable<T = any>(client: Asks, pageable: Page<T> | EmbeddedSet, options?: QueryOptions): SetIterator<T> {
    return new SetIterator<T>(client, pageable, options)
  }

  /** The items one by one, instead of the pages. */
  flatten(): FlattenedSetIterator<T> {
    return new FlattenedSetIterator<T>(this)
  }
}

/** The items of a set, one by one. */
export class FlattenedSetIterator<T = any> extends Iterate<T> {
  constructor(setIterator: SetIterator<T>) {
    super(items(setIterator))
  }
}
