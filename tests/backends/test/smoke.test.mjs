// The official clients against the local backends, with real tokens of two people; then ours, which must find the same.
// The official ones are the proof that the backends speak as the vendors do, ours the proof that changing the import is enough.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PEOPLE } from '../accounts.mjs'
import { BACKENDS, clients, startPlaces } from '../smoke.mjs'

/** What each person must see of their own, whatever the client. */
const EXPECTED = {
  fauna: {
    look: (r) => ({ text: r.values.text, pages: r.pages.sizes, created: r.document.created.kind, told: r.events.live.map(({ type, data }) => [type, data?.note]), fed: r.events.flat, unauthorized: r.errors.unauthorized.class }),
    all: {
      text: 'grüße, 🚀 "#{no}" \\ \n', pages: [16, 16, 8], created: 'Document', unauthorized: 'AuthenticationError',
      told: [['status', undefined], ['add', 'é🚀'], ['update', 'é🚀'], ['remove', 'é🚀']], fed: ['add', 'update', 'remove'],
    },
  },
  hasura: {
    look: (r) => ({ bodies: r.bodies, everyone: r.everyone, owners: r.owners, deleted: r.deleted }),
    alice: { bodies: ['Alice: buy oat milk', 'Alice: fix the front brake', 'Alice: water the basil'], everyone: 10, owners: ['user_alice'], deleted: true },
    bob: { bodies: ['Bob: feed the sourdough', 'Bob: find the long ladder'], everyone: 10, owners: ['user_bob'], deleted: true },
  },
  convex: {
    look: (r) => ({ bodies: r.bodies, name: r.me.name, executions: r.counter.executions }),
    alice: { bodies: ['Alice: book the ferry', 'Alice: call the library', 'Alice: renew the passport'], name: 'Alice Archer', executions: [1, 1] },
    bob: { bodies: ['Bob: order new tyres', 'Bob: return the drill'], name: 'Bob Baker', executions: [1, 1] },
  },
  instant: {
    look: (r) => ({ email: r.signedIn.email, own: r.data.own, foreign: r.data.foreign.type, after: r.after }),
    alice: { email: 'alice@example.com', own: ['Alice: learn to juggle', 'Alice: paint the fence', 'Alice: write to Bob'], foreign: 'permission-denied', after: null },
    bob: { email: 'bob@example.com', own: ['Bob: answer Alice', 'Bob: sharpen the knives'], foreign: 'permission-denied', after: null },
  },
}

/** Where ours differ on purpose: what the official client found, with our answer put in. Everything else must be equal. */
const DIFFERENCES = {
  // Tags are checked before they are sent, because the server's words for them do not say which one it means.
  fauna: (r) => ({
    ...r,
    errors: {
      ...r.errors,
      tags: {
        class: 'ClientError', name: 'ClientError', code: 'option_invalid', status: undefined,
        message: "query_tags: 'not valid=x' is no valid tag. Keys (up to 40) and values (up to 80 characters) are letters, digits and _",
      },
    },
  }),
  // The official client throws a bare Error for what the server refuses.
  convex: (r) => ({ ...r, errors: Object.fromEntries(Object.entries(r.errors).map(([key, e]) => [key, e.name === 'Error' ? { ...e, name: 'ConvexRequestError' } : e])) }),
}

/** The issuer has another port each time. */
const withoutPorts = (value) => {
  if (typeof value === 'string') return value.replace(/http:\/\/127\.0\.0\.1:\d+/g, 'http://local')
  if (Array.isArray(value)) return value.map(withoutPorts)
  return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutPorts(each)])) : value
}

/** What was found, by kind of client, backend and person; filled by the tests as they run. */
const found = {}

for (const kind of /** @type {const} */ (['official', 'ours'])) {
  describe(`${kind} clients`, () => {
    /** @type {Awaited<ReturnType<typeof startPlaces>>} */
    let local
    before(async () => (local = await startPlaces()))
    after(() => local?.stop())

    for (const backend of BACKENDS) {
      for (const person of PEOPLE) {
        test(`${backend}, as ${person}`, async () => {
          const result = withoutPorts(await clients[kind][backend](await local.place(person)))
          found[`${kind} ${backend} ${person}`] = result
          const { look, ...expected } = EXPECTED[backend]
          const seen = look(result)
          if (seen.bodies) seen.bodies = [...seen.bodies].sort()
          assert.deepEqual(seen, expected[person] ?? expected.all)
          if (kind === 'ours') {
            const official = found[`official ${backend} ${person}`]
            assert.ok(official, 'the official client failed, so there is nothing to compare with')
            assert.deepEqual(result, (DIFFERENCES[backend] ?? ((r) => r))(official))
          }
        })
      }
    }
  })
}
