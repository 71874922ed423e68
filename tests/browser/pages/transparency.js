// Sends the same requests plainly and through a session; tests/package/transparency holds both against each other.
import { createSession } from 'countersign'
import { HasuraClient } from 'countersign/hasura'
import { fakeProvider } from 'countersign/testing'
import { outcome } from '../../package/transparency/cases.js'

const session = createSession({ name: 'transparency', logger: false, ...fakeProvider({ user: 'alice' }), routes: [{ url: location.origin, template: 'x' }] })
const ways = {
  plain: (...args) => fetch(...args),
  session: session.fetch,
  auth: session.authFetch({ template: 'x', origins: [location.origin] }),
  hasura: new HasuraClient({ session, template: 'x', endpoint: `${location.origin}/v1/graphql` }).fetch,
}

/** What became of each plan. @param {string} way @param {[plan: import('../../package/transparency/cases.js').Plan, url: string][]} plans */
globalThis.run = async (way, plans) => {
  const results = []
  for (const [plan, url] of plans) results.push(await outcome(ways[way], plan, url, way === 'plain'))
  return results
}
