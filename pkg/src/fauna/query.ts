import { encodeArgument } from './encode.js'
import { kind } from './kind.js'
import type { FQLFragment, QueryArgument } from './wire.js'

/** A query, ready to be sent or to be put into another one. Made by {@link fql}. `T` is what it answers, for type inference only. */
export class Query<T = any> {
  readonly #fragments: readonly string[]
  readonly #args: readonly unknown[]
  /** Carries the type; there is no such field. */
  declare readonly _answer?: T

  /** @throws Error unless there is exactly one fragment more than arguments. */
  constructor(fragments: readonly string[], ...args: QueryArgument[]) {
    if (!fragments.length || fragments.length !== args.length + 1) throw new Error('invalid query constructed')
    this.#fragments = fragments
    this.#args = args
  }

  /**
   * The template that is sent: source and values in turn, so that a value can never become source.
   * @throws TypeError, RangeError or ClientError for a value that Fauna cannot take; the message names its place: which `${}`, and the path in it.
   */
  encode(): FQLFragment {
    const fragments = this.#fragments
    if (fragments.length === 1) return { fql: [fragments[0]!] }
    const fql: FQLFragment['fql'] = []
    for (let i = 0; i < fragments.length; i++) {
      if (fragments[i] !== '') fql.push(fragments[i]!)
      if (i < this.#args.length) fql.push(encodeArgument(this.#args[i], i))
    }
    return { fql }
  }

  /** @internal */
  get [kind](): 'query' {
    return 'query'
  }
}

/**
 * An FQL query: fql`Order.byId(${id})`. What is interpolated is sent as a value, another query as its source; arrays and objects may
 * hold both. A nested query stands in the text as it is, without parentheses of its own: write fql`(${sum}) * 3`.
 * As a function, `fql([source])` takes a source that is text already.
 */
export const fql = <T = any>(fragments: readonly string[], ...args: QueryArgument[]): Query<T> => new Query<T>(fragments, ...args)
