// bridge(): somebody else's db kept in step. The db is a model of @instantdb/core's auth: one current user, the last sign-in wins.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import 'fake-indexeddb/auto'
import { dist } from '../dist.mjs'
import { stubSession, until } from '../stub-session.mjs'
import { onDisk } from './stored.mjs'

const { bridge } = await dist('instant.js')
let names = 0

const fakeDb = () => {
  /** @type {Map<string, string>} */
  const live = new Map()
  let count = 0
  const db = {
    live,
    /** @type {any} */
    current: null,
    exchanges: 0,
    signOuts: 0,
    /** @type {() => any} */
    before: async () => undefined,
    getAuth: async () => db.current,
    auth: {
      async signInWithIdToken(/** @type {any} */ { idToken }) {
        db.exchanges++
        const { sub } = JSON.parse(Buffer.from(idToken.split('.')[1], 'base64url').toString())
        await db.before()
        const user = { id: `id-${sub}`, refresh_token: `token-${++count}` }
        live.set(user.refresh_token, sub)
        db.current = user
        return { user }
      },
      async signInWithToken() {},
      async signOut({ invalidateToken = true } = {}) {
        db.signOuts++
        if (invalidateToken && db.current) live.delete(db.current.refresh_token)
        db.current = null
      },
    },
  }
  return db
}
const make = (/** @type {any} */ key, db = fakeDb(), clientName = `clerk-${++names}`) => {
  const session = stubSession({ key })
  return { db, session, clientName, bridge: bridge(db, { session, template: 'instant', clientName }) }
}

test('idle until started; many starts are one sign-in; StrictMode’s stop and start is none', async () => {
  const { db, bridge } = make('alice')
  assert.equal(bridge.state.status, 'idle')
  const stops = [bridge.start(), bridge.subscribe(() => {}), bridge.start()]
  stops[1]()
  stops.push(bridge.subscribe(() => {}))
  await until(() => bridge.state.status === 'signedIn')
  assert.deepEqual([db.exchanges, db.current.id], [1, 'id-alice'])
  stops.forEach((stop) => stop())
})

test('a switch, a sign-out and a switch back: one user at a time, nothing left behind', async () => {
  const { db, session, bridge } = make('alice')
  const stop = bridge.start()
  await until(() => bridge.state.status === 'signedIn')
  session.become('bob')
  await until(() => db.current?.id === 'id-bob')
  session.become(null)
  await until(() => bridge.state.status === 'signedOut' && db.current === null)
  session.become('alice')
  await until(() => bridge.state.status === 'signedIn')
  assert.deepEqual([...db.live.values()], ['alice'])
  stop()
})

test('a sign-out during the sign-in ends signed out (the vendor’s client ends signed in)', async () => {
  const { db, session, bridge } = make('alice')
  /** @type {(value?: unknown) => void} */
  let release = () => {}
  db.before = () => new Promise((resolve) => (release = resolve))
  const stop = bridge.start()
  await until(() => db.exchanges === 1)
  session.become(null)
  await until(() => bridge.state.status === 'signedOut')
  release()
  await until(() => db.signOuts === 1)
  assert.equal(db.current, null)
  assert.equal(db.live.size, 0)
  stop()
})

test('a db that is signed in already is left alone; as somebody else it is signed out first', async () => {
  const first = make('alice')
  first.bridge.start()
  await until(() => first.bridge.state.status === 'signedIn')
  await until(async () => (await onDisk(`bridge|${first.clientName}`))?.id === 'id-alice')
  const reload = make('alice', first.db, first.clientName)
  reload.bridge.start()
  await until(() => reload.bridge.state.status === 'signedIn')
  assert.deepEqual([first.db.exchanges, first.db.signOuts], [1, 0])
  const other = make('bob', first.db, first.clientName)
  other.bridge.start()
  await until(() => other.bridge.state.status === 'signedIn')
  assert.deepEqual([first.db.signOuts, [...first.db.live.values()]], [1, ['bob']])
})

test('a failure is shown with its real text and its fix; permanent ones are not repeated', async () => {
  const { db, bridge } = make('alice')
  db.auth.signInWithIdToken = async () => {
    db.exchanges++
    throw Object.assign(new Error('API Error (400)'), { status: 400, body: { type: 'oauth-error', error: 'The id_token had no subject.', hint: { input: 'eyJhbGciOiJ.eyJzdWIiOiJ.c2lnbmF0dXJl' } } })
  }
  const stop = bridge.start()
  await until(() => bridge.state.status === 'failed')
  assert.equal(bridge.state.error.message, 'The id_token had no subject.')
  assert.equal(bridge.state.error.hint, 'the doctor says')
  const [finding] = await bridge.check()
  assert.deepEqual([finding.ok, finding.code], [false, 'token_rejected'])
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(db.exchanges, 1)
  stop()
})

test('a provider that has no token yet is asked again', async () => {
  const { db, session, bridge } = make('alice')
  const provide = session.provide
  let empty = 1
  session.provide = async () => (empty-- > 0 ? null : provide())
  const stop = bridge.start()
  await until(() => bridge.state.status === 'signedIn')
  assert.equal(db.exchanges, 1)
  stop()
})

test('stopped, it lets go of the session', async () => {
  const { session, bridge } = make('alice')
  const stop = bridge.start()
  await until(() => bridge.state.status === 'signedIn')
  stop()
  stop()
  await until(() => session.listeners() === 0)
})
