// The local Hasura with real tokens, and real sessions as a page has them, in Node.
import { WebSocket } from 'ws'
import { HASURA_NAMESPACE, hasuraClaims } from '../../backends/accounts.mjs'
import { startHasura } from '../../backends/hasura/server.mjs'
import { tinyIssuer } from '../../backends/hasura/testing.mjs'
import { dist } from '../dist.mjs'
import { until } from '../until.mjs'

// This Node has no WebSocket of its own.
globalThis.WebSocket ??= WebSocket

/** Where there is a window a session may start, and PGlite thinks that it is in a page. @template R @param {() => Promise<R>} start */
const withoutWindow = async (start) => {
  delete globalThis.window
  try {
    return await start()
  } finally {
    globalThis.window = globalThis
  }
}

const { createSession } = await dist('index.js')
const { HasuraClient } = await dist('hasura.js')
let made = 0

/**
 * A Hasura of its own for one test.
 * @param {{ lifetimeS?: number, config?: object, knobs?: object }} [options] `lifetimeS`: of the tokens
 */
export const startPlace = async ({ lifetimeS = 60, config = {}, knobs = {} } = {}) => {
  const issuer = await tinyIssuer()
  const hasura = await withoutWindow(() => startHasura({ issuers: { clerk: { issuer: issuer.issuer, jwksUri: issuer.jwksUri } }, config, knobs: { refetchMs: 30, ...knobs } }))
  const sessions = []
  return {
    hasura, issuer,
    endpoint: hasura.url,
    /** Somebody's session. @param {string | null | undefined} [user] `null`: nobody is signed in @param {object} [options] of the session */
    session(user = 'user_alice', options = {}) {
      let report = () => {}
      let who = user
      const calls = []
      const account = {
        calls,
        /** Claims that the next tokens have. */
        change: {},
        /** Lifetime of the next tokens, in seconds. */
        lifetimeS,
        /** @type {null | (() => unknown)} does what the next calls do instead */
        instead: null,
        become(next) {
          who = next
          report(next && { user: next })
        },
      }
      const provider = {
        watch(tell) {
          report = tell
          if (who !== undefined) tell(who && { user: who })
          return () => {}
        },
        async getToken({ force }) {
          calls.push({ force, at: Date.now() })
          if (account.instead) return account.instead()
          if (!who) return null
          const now = Math.floor(Date.now() / 1000)
          return issuer.token(who, { iat: now, nbf: now - 5, exp: now + account.lifetimeS, jti: String(++made), ...account.change })
        },
        signOut: () => account.become(null),
      }
      const session = createSession({ ...provider, templates: { hasura: 'hasura' }, name: `place ${++made}`, logger: false, ...options })
      sessions.push(session)
      return { session, account }
    },
    /** A client with a session of its own. @param {string | null} [user] @param {object} [options] of the client */
    client(user, options = {}) {
      const { session, account } = this.session(user)
      const client = new HasuraClient({ session, template: 'hasura', endpoint: hasura.url, ...options })
      return { client, session, account }
    },
    /** What a sink sees. */
    sink() {
      const seen = []
      const sink = { next: (value) => seen.push(['next', value]), error: (error) => seen.push(['error', error]), complete: () => seen.push(['complete']) }
      return { sink, seen, values: () => seen.filter(([what]) => what === 'next').map(([, value]) => value) }
    },
    until,
    async stop() {
      for (const session of sessions) session.dispose()
      await hasura.stop()
      await issuer.stop()
    },
  }
}

export { HasuraClient, hasuraClaims, HASURA_NAMESPACE, until }
