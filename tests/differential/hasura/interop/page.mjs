// What the tests of one file share: a Hasura, pages with a client, rooms that no other test has.
import { after, before } from 'node:test'
import { HasuraClient, startPlace, until } from '../place.mjs'
import { addresses } from './recipe.mjs'

/** Started before the tests of the file and stopped after them. @param {() => unknown} [then] done when it has started */
export const serve = (then) => {
  /** @type {Awaited<ReturnType<typeof startPlace>>} */
  let place
  let rooms = 0
  before(async () => {
    place = await startPlace()
    addresses(place.endpoint)
    await then?.()
  })
  after(() => place.stop())
  return {
    get place() {
      return place
    },
    room: () => `room ${++rooms}`,
    /** A client of a user, and a room. @param {import('node:test').TestContext} t @param {string | null} [user] @param {object} [options] of the client @param {object} [more] options of the session */
    page(t, user = 'user_alice', options = {}, more = {}) {
      const { session, account } = place.session(user, more)
      const hasura = new HasuraClient({ session, template: 'hasura', endpoint: place.endpoint, ...options })
      t.after(async () => {
        hasura.dispose()
        session.dispose()
        await place.hasura.turn({ rejectNext: 0, refuseInit: 0, clockOffsetS: 0, holdMs: 0, liveError: null })
      })
      const become = async (/** @type {string | null} */ user) => {
        const before = session.identityKey
        account.become(user)
        await until(() => session.identityKey !== before)
      }
      return { hasura, session, account, become, room: this.room() }
    },
    /** A row, past all permissions. @param {string} room @param {string} owner @param {string} body */
    write: (room, owner, body) => place.hasura.sql('insert into messages (room, owner, body) values ($1, $2, $3)', [room, owner, body]),
    /** Sockets over which something is subscribed. */
    running: () => place.hasura.sockets.filter(({ open, running }) => open && running),
  }
}

/** What a live query of a client shows. @param {{ live: Function }} driver @param {string} room */
export const watch = (driver, room) => {
  const seen = { results: /** @type {string[][]} */ ([]), errors: /** @type {any[]} */ ([]), over: false, stop: () => {} }
  seen.stop = driver.live(room, {
    next: (/** @type {string[]} */ bodies) => seen.results.push(bodies),
    error: (/** @type {any} */ error) => seen.errors.push(error),
    complete: () => (seen.over = true),
  })
  return seen
}
