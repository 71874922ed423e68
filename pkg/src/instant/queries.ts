// Live queries of one db: under which name the server knows them, what each was answered last, and who is told.
import { equal } from '../equal.js'

/** Where a page of a result begins and ends, as `after` and `before` of a query take it. */
export type Cursor = [entity: string, attribute: string, value: unknown, createdAt: number]

/** By the name of what was asked for. Only queries with `limit`, `first`, `last`, `after`, `before` or `offset` have one. */
export type PageInfo = Record<string, { startCursor: Cursor | null; endCursor: Cursor | null; hasNextPage?: boolean; hasPreviousPage?: boolean }>

/** What a live query has to say. Neither `data` nor `error`: it is being asked, also when somebody else has signed in. */
export interface QueryAnswer<R = any> {
  data: R | undefined
  pageInfo: PageInfo | undefined
  error: Error | undefined
}

const sorted = (_: string, value: unknown): unknown =>
  value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value

/** Equal for queries that the server takes for the same: it repeats their members in another order. */
export const keyOf = (query: unknown): string => JSON.stringify(query, sorted)

/** The server does not apply a `limit` below the top (source: its InstaQL engine leaves that to clients). */
const limited = (form: any, rows: unknown): void => {
  if (!Array.isArray(rows)) return
  for (const [label, child] of Object.entries<any>(form ?? {})) {
    if (label === '$') continue
    const limit = child?.$?.limit
    for (const row of rows) {
      if (limit > 0 && Array.isArray(row[label])) row[label] = row[label].slice(0, limit)
      limited(child, row[label])
    }
  }
}

const pages = (found: any): PageInfo | undefined =>
  found && Object.fromEntries(Object.entries<any>(found).map(([name, page]) => [name, {
    startCursor: page['start-cursor'], endCursor: page['end-cursor'], hasNextPage: page['has-next-page?'], hasPreviousPage: page['has-previous-page?'],
  }]))

const nothing: QueryAnswer = { data: undefined, pageInfo: undefined, error: undefined }

/** One question, for all who ask it. */
export class Query {
  readonly key: string
  readonly q: any
  readonly listeners = new Set<(answer: QueryAnswer) => void>()
  /** By which the machine knows it; none while it is not asked. */
  number: number | undefined
  /** Under which the server answers. */
  event = ''
  /** How often in a row it was told to wait. */
  tries = 0
  answer: QueryAnswer = nothing
  /** Up to which transaction its answer counts what has happened. */
  #seen = -1

  constructor(key: string, q: object) {
    this.key = key
    this.q = q
  }

  /** Whether it has something to say. */
  get known(): boolean {
    return !!this.answer.data || !!this.answer.error
  }

  /** On a new socket, or as somebody else: numbers of transactions begin anew. */
  asked(event: string): void {
    this.event = event
    this.#seen = -1
  }

  /** A result of the server. One that is older than the last is late: messages of one socket come in any order. */
  take(result: any, meta: any, transaction: unknown): void {
    const seen = Number(transaction)
    if (seen < this.#seen) return
    if (seen >= 0) this.#seen = seen
    this.tries = 0
    for (const [name, form] of Object.entries<any>(this.q)) limited(form, result?.[name])
    const pageInfo = pages(meta?.['page-info'])
    const { answer } = this
    if (answer.data && equal(answer.data, result) && equal(answer.pageInfo, pageInfo)) return
    this.tell({ data: result ?? {}, pageInfo, error: undefined })
  }

  tell(answer: QueryAnswer): void {
    this.answer = answer
    for (const listener of [...this.listeners]) {
      try {
        listener(answer)
      } catch (error) {
        // Its own fault, and no other listener's.
        void Promise.reject(error)
      }
    }
  }

  /** What was said was said to somebody else. */
  withdraw(): void {
    if (this.known) this.tell(nothing)
  }

  fail(error: Error): void {
    this.tell({ ...nothing, error })
  }
}
