import { decodeTree } from './decode.js'
import { encode, encodeInterpolation } from './encode.js'
import type { LongType, QueryArgument, QueryInterpolation, TaggedType } from './wire.js'

/** How to decode. */
export interface DecodeOptions {
  /** Default `number`. */
  long_type: LongType
}

/** The `tagged` format, by itself: no client needed. */
export class TaggedTypeFormat {
  /**
   * A value as tagged JSON. Fields that are `undefined` are left out; an object with a key that begins with `@` is wrapped in `@object`.
   * @throws TypeError for functions, symbols, `undefined` and queries; RangeError for infinities, invalid dates and integers beyond 64 bits;
   * ClientError for sets and for views other than Uint8Array. The message ends with the path of the value.
   */
  static encode(input: QueryArgument): TaggedType {
    return encode(input)
  }

  /** A value as a node of a query's template: queries inside arrays and objects stay queries. @throws as `encode`. */
  static encodeInterpolation(input: QueryArgument): QueryInterpolation {
    return encodeInterpolation(input)
  }

  /**
   * Tagged JSON text as values. An object with exactly one key, that being a known tag, is a tagged value; every other object is itself.
   * @throws SyntaxError when it is no JSON; RangeError or TypeError when a tag holds what it must not, with the path in the message.
   */
  static decode(input: string, decodeOptions?: DecodeOptions): any {
    return decodeTree(JSON.parse(input), decodeOptions?.long_type ?? 'number')
  }
}
