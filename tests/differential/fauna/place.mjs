// The local Fauna and the local issuer with real tokens, and sessions as a page has them, in Node.
import { startAll } from '../../backends/start.mjs'
import { dist } from '../dist.mjs'
import { driver, lib } from './compare.mjs'

// Where there is a window a session may start.
globalThis.window ??= globalThis

const { createSession } = await dist('index.js')
const SECRET = 'script-secret'
let made = 0

/** The issuer's client in a browser: signs people in, and has their tokens. */
const account = (issuer) => {
  let report = () => {}
  let session
  const post = (path, headers, body) => fetch(issuer + path, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  const self = {
    calls: 0,
    signIn: async (who) => {
      const answer = await post('/v1/client/sign_ins', {}, { identifier: `${who}@example.com` })
      session = { who, id: (await answer.json()).response.created_session_id, authorization: answer.headers.get('authorization') }
      report({ user: who })
    },
    signOut: () => {
      session = null
      report(null)
    },
    provider: {
      watch: (tell) => {
        report = tell
        if (session !== undefined) tell(session && { user: session.who })
        return () => {}
      },
      getToken: async ({ template }) => {
        self.calls++
        if (!session) return null
        return (await (await post(`/v1/client/sessions/${session.id}/tokens/${template}`, { authorization: session.authorization })).json()).jwt
      },
      signOut: () => self.signOut(),
    },
  }
  return self
}

/**
 * @param {{ lifetimeS?: number }} [options] of the tokens
 */
export const startPlace = async ({ lifetimeS = 60 } = {}) => {
  const all = await startAll({ portBase: 0, only: ['fauna'], each: { clerk: { lifetimes: { fauna: lifetimeS } }, fauna: { secret: SECRET } } })
  const { fauna } = all.servers
  const knobs = async (changes = {}) => (await fetch(`${fauna.url}/__knobs`, { method: 'POST', body: JSON.stringify(changes) })).json()
  const admin = new lib.Client({ secret: SECRET, endpoint: fauna.url })
  const ids = []
  // The log itself forgets what is long ago.
  const asked = {}
  fauna.log.push = (entry) => {
    asked[entry.path] = (asked[entry.path] ?? 0) + 1
    return Array.prototype.push.call(fauna.log, entry)
  }
  return {
    url: new URL(fauna.url),
    secret: SECRET,
    log: fauna.log,
    knobs,
    /** How many requests there were. @param {string} path */
    asked: (path) => asked[path] ?? 0,
    /** How many streams are open at the server. */
    streams: async () => (await knobs()).counters.streams,
    admin,
    stop: () => all.stop(),
    /** Somebody signed in, with a session; both end with the test. @param {import('node:test').TestContext} t */
    async open(t, who = 'alice') {
      const person = account(all.urls.clerk)
      if (who) await person.signIn(who)
      const session = createSession({ name: `place ${++made}`, templates: { fauna: 'fauna' }, logger: false })
      session.connect(person.provider)
      t.after(() => session.dispose())
      const client = (http, more) => new lib.Client({ session, template: 'fauna', endpoint: fauna.url, ...more }, http)
      return { person, session, client, own: client() }
    },
    fetchClient: () => new driver.FetchClient({ url: fauna.url, fetch_keepalive: false }),
    /** Orders of alice, numbered on in `total`, in one transaction. @param {number} [count] */
    async write(count = 1, owner = 'alice') {
      const from = ids.length
      const { data } = await admin.query(lib.fql`${Array.from({ length: count }, (_, i) => from + i)}.map(n => Order.create({ owner: ${owner}, item: "numbered", total: n }).id)`)
      ids.push(...data)
      return Array.from({ length: count }, (_, i) => from + i)
    },
    /** Writes a field of an order. @param {number} n */
    update: (n, fields) => admin.query(lib.fql`Order.byId(${ids[n]})!.update(${fields}).id`),
    /** @param {number} n */
    remove: (n) => admin.query(lib.fql`Order.byId(${ids[n]})!.delete()`),
  }
}

/** The numbers of the orders that were told. */
export const numbers = (events) => events.filter(({ type }) => type === 'add').map(({ data }) => data.total)

/** `exp` of a bearer token in milliseconds; Infinity where there is none. @param {string | null} authorization */
export const expiry = (authorization) => {
  const [, payload] = (authorization ?? '').split('.')
  return payload ? JSON.parse(Buffer.from(payload, 'base64url').toString()).exp * 1000 : Infinity
}
