/**
 * The messages of errors that nobody handles, while a test runs; node:test would fail it for each.
 * @param {import('node:test').TestContext} t
 */
export const unhandledIn = (t) => {
  const unhandled = /** @type {string[]} */ ([])
  const listen = (/** @type {any} */ error) => unhandled.push(error.message)
  const before = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', listen)
  t.after(() => {
    process.off('unhandledRejection', listen)
    for (const one of before) process.on('unhandledRejection', one)
  })
  return unhandled
}
