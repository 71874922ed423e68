import { randomUUID } from 'node:crypto'
import { browserStubs, MemoryStore } from './official.mjs'

/**
 * One script for any `init` that gives an object like @instantdb/core's: sign in with an id token, see who is signed in, read and
 * write as that user, sign out. It returns a plain object, so that two clients can be compared.
 * `as` gives what reads and writes over HTTP as the signed-in user: @instantdb/core does so through the socket only, and the official
 * client of `/admin/query` and `/admin/transact` is @instantdb/admin.
 * @param {object} options
 * @param {(config: any, Store?: any) => any} options.init
 * @param {string} options.appId @param {string} options.apiURI @param {string} options.idToken @param {string} options.clientName
 * @param {(db: any, token: string) => { tx: any, query(q: object): Promise<any>, transact(chunks: unknown): Promise<unknown> }} options.as
 */
export async function smoke({ init, appId, apiURI, idToken, clientName, as }) {
  const { restore, pause } = browserStubs()
  const db = init({ appId, apiURI, websocketURI: `${apiURI.replace(/^http/, 'ws')}/runtime/session` }, MemoryStore)
  try {
    /** @type {(string | null)[]} */
    const seen = []
    const before = await db.getAuth()
    const unsubscribe = db.subscribeAuth((/** @type {any} */ state) => seen.push(state.user?.email ?? null))
    const first = await db.auth.signInWithIdToken({ clientName, idToken })
    const auth = await db.getAuth()
    const second = await db.auth.signInWithIdToken({ clientName, idToken })
    const adopted = await db.auth.signInWithToken(first.user.refresh_token)
    const bad = await caught(() => db.auth.signInWithIdToken({ clientName, idToken: 'not-a-jwt' }))
    const unknownClient = await caught(() => db.auth.signInWithIdToken({ clientName: 'nobody', idToken }))
    const stillSignedIn = (await db.getAuth())?.email ?? null
    const data = await readsAndWrites(as(db, first.user.refresh_token))
    await db.auth.signOut()
    const after = await db.getAuth()
    unsubscribe()
    return {
      before: before ?? null,
      signedIn: { email: first.user.email, type: first.user.type, hasId: typeof first.user.id === 'string' },
      auth: { email: auth?.email, sameUser: auth?.id === first.user.id, sameToken: auth?.refresh_token === first.user.refresh_token },
      again: { sameUser: second.user.id === first.user.id, sameToken: second.user.refresh_token === first.user.refresh_token },
      adopted: adopted.user.id === first.user.id,
      bad, unknownClient, stillSignedIn, data,
      after: after ?? null,
      // Repeats differ between clients (the same state may be told twice); the order does not.
      seen: seen.filter((email, i) => email !== seen[i - 1]),
      revoked: await revoked(db, first.user.refresh_token, pause),
    }
  } finally {
    db.shutdown()
    // The client's last write to storage is throttled and arms its clean-up timer: let that happen under the stubs.
    await pause(200)
    restore()
  }
}

/** What the signed-in user sees, a write of theirs, one in somebody else's name, and questions that are wrong. @param {any} user */
async function readsAndWrites({ tx, query, transact }) {
  const texts = async () => (await query({ todos: {} })).todos.map((/** @type {any} */ todo) => todo.text).sort()
  const own = await texts()
  const id = randomUUID()
  const owner = (await query({ todos: { $: { limit: 1 } } })).todos[0].owner
  await transact(tx.todos[id].update({ text: 'of the smoke script', done: false, owner }))
  const written = await texts()
  await transact([tx.todos[id].delete()])
  return {
    own, written, deleted: await texts(),
    filtered: (await query({ todos: { $: { where: { done: true } } } })).todos.length,
    foreign: await caught(() => transact(tx.todos[randomUUID()].update({ text: 'not mine', owner: 'mallory@example.com' }))),
    // Without an index it cannot be sorted by; what the client itself would refuse is not asked.
    unindexed: await caught(() => query({ todos: { $: { order: { nowhere: 'asc' } } } })),
  }
}

/** The client tells the server of a sign-out without waiting, so the token may live on for a moment. */
async function revoked(/** @type {any} */ db, /** @type {string} */ token, /** @type {(ms: number) => Promise<void>} */ pause) {
  for (let i = 0; i < 40; i += 1) {
    const outcome = await caught(() => db.auth.signInWithToken(token))
    if (outcome !== 'no error') return outcome
    await db.auth.signOut({ invalidateToken: false })
    await pause(50)
  }
  return 'still alive'
}

async function caught(/** @type {() => Promise<unknown>} */ call) {
  try {
    await call()
    return 'no error'
  } catch (error) {
    const e = /** @type {any} */ (error)
    return { status: e.status, type: e.body?.type }
  }
}
