// Tests, by short names.

/**
 * A piece of code that meets a hazard, and what is left when it is taken out. `from` occurs in its file exactly once; one of the tests must fail.
 * @typedef {{ without: string, file: string, from: string, to: string, tests: readonly Test[] }} Mutation
 * @typedef {Record<string, readonly Mutation[]>} Mutations by hazard
 * @typedef {import('../tree.mjs').Test} Test
 */

/** @param {string} target @returns {(...names: string[]) => Test[]} */
const native = (target) => (...names) => names.map((name) => [target, name])

export const auth = native('auth')
export const claims = native('claims')
export const classify = native('classify')
export const driver = native('driver')
export const endpoint = native('endpoint')

/** Those that Node runs: `package/session` is tests/package/session.test.mjs. @param {string} file @param {string[]} names @returns {Test[]} */
export const node = (file, ...names) => names.map((name) => [`tests/${file}.test.mjs`, name])
