// The row `hasura gap at expiry`: a local Hasura that cuts sockets when their token expires, and somebody who writes.
import { startHasura } from '../backends/hasura/server.mjs'
import { tinyIssuer } from '../backends/hasura/testing.mjs'

/** Between two rows; milliseconds. */
export const WRITE_MS = 50
/** Between two looks of the server at what has changed. */
const REFETCH_MS = 25

const OWNER = 'user_alice'

/**
 * @param {import('playwright-core').Page} page  @param {{ lifetimeS: number, expiries: number }} options `expiries`: how many each side lives through
 */
export const gap = async (page, { lifetimeS, expiries }) => {
  const issuer = await tinyIssuer()
  const hasura = await startHasura({ issuers: { clerk: { issuer: issuer.issuer, jwksUri: issuer.jwksUri } }, knobs: { refetchMs: REFETCH_MS } })
  let number = 0
  let writing = Promise.resolve()
  const write = () => (writing = writing.then(async () => {
    const [{ id }] = await hasura.sql('insert into orders (item, total, owner) values ($1, $2, $3) returning id', ['parcel', 1, OWNER])
    number = id
  }))
  await write()
  const after = number
  const clock = setInterval(write, WRITE_MS)
  try {
    await page.exposeFunction('mint', (life) => {
      const now = Math.floor(Date.now() / 1000)
      return issuer.token(OWNER, { iat: now, nbf: now - 5, exp: now + life })
    })
    await page.exposeFunction('finish', async () => {
      clearInterval(clock)
      await writing
      return number
    })
    const heard = await page.evaluate(async (options) => (await import('/bench.js')).gap(options), { endpoint: hasura.url, after, lifetimeS, expiries })
    return { ...heard, expiredSeen: hasura.counters().expiredSeen }
  } finally {
    clearInterval(clock)
    await writing.catch(() => {})
    await hasura.stop()
    await issuer.stop()
  }
}
