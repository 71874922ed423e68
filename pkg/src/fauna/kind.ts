/**
 * How the encoder knows our value classes: a symbol from the global registry on each prototype, so that a value
 * made by a second copy of the package is still recognised, and so that one property read replaces a dozen `instanceof`.
 */
export const kind: unique symbol = Symbol.for('countersign.fauna')

/** What stands behind the symbol. */
export type Kind = 'time' | 'date' | 'mod' | 'doc' | 'named' | 'null' | 'set' | 'stream' | 'query'
