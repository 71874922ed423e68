import type { OwnerRecord, User } from './port.js'

/** What is kept between visits: the user with its session, and whose it is. */
export interface StoredSession {
  user: User
  owner: OwnerRecord
}

/** Where a session is kept. It holds a secret that lives until it is revoked. A failure costs no more than another sign-in. */
export interface SessionStore {
  read(key: string): Promise<unknown>
  write(key: string, value: unknown): Promise<void>
  remove(key: string): Promise<void>
}

/** Gone with the page. */
export const memoryStore = (): SessionStore => {
  const map = new Map<string, unknown>()
  return {
    read: async (key) => map.get(key),
    write: async (key, value) => void map.set(key, value),
    remove: async (key) => void map.delete(key),
  }
}

const database = 'countersign_instant'
const table = 'sessions'
/** A frozen tab may hold the database: a visit does not wait for it for ever. */
const patienceMs = 3_000

const silence = new Error('IndexedDB does not answer')

/** A callback API as a promise that is over after a while; what comes later is given to `late`. */
const settle = <R>(start: (resolve: (value: R) => void, reject: (error: unknown) => void) => void, late?: (value: R) => void): Promise<R> =>
  new Promise((resolve, reject) => {
    let over = false
    const end = (act: () => void) => {
      over = true
      clearTimeout(timer)
      act()
    }
    const timer = setTimeout(() => end(() => reject(silence)), patienceMs)
    const fail = (error: unknown) => end(() => reject(error))
    try {
      start((value) => (over ? late?.(value) : end(() => resolve(value))), fail)
    } catch (error) {
      fail(error)
    }
  })

const open = (): Promise<IDBDatabase> =>
  settle(
    (resolve, reject) => {
      const request = globalThis.indexedDB.open(database, 1)
      request.onupgradeneeded = () => void request.result.createObjectStore(table)
      request.onsuccess = () => {
        // A later version of this page in another tab must not wait for this connection.
        request.result.onversionchange = () => request.result.close()
        resolve(request.result)
      }
      request.onerror = () => reject(request.error)
    },
    (db) => db.close(),
  )

/** One transaction on a connection of its own: Safari closes idle connections without a word. */
const run = async <R>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<R>): Promise<R> => {
  const db = await open()
  try {
    return await settle((resolve, reject) => {
      const transaction = db.transaction(table, mode)
      const request = act(transaction.objectStore(table))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onerror = transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    db.close()
  }
}

/** Once more after a failure: Safari says InvalidStateError of a connection that it is closing, and the next one is good. */
const twice = async <R>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<R>): Promise<R> => {
  try {
    return await run(mode, act)
  } catch (error) {
    if (error === silence) throw error
    return run(mode, act)
  }
}

/** IndexedDB, with a copy in memory for this visit, so that a full or forbidden disk costs no more than the next visit's sign-in. */
export const indexedDbStore = (): SessionStore => {
  const copy = memoryStore()
  // The disk first: another tab may have written to it. After a write that failed, what it has is old.
  let trusted = true
  const forget = (key: string) => twice('readwrite', (store) => store.delete(key))
  return {
    async read(key) {
      if (trusted)
        try {
          return await twice('readonly', (store) => store.get(key))
        } catch (error) {
          // The copy, then; and who hangs once is not waited for at each read.
          if (error === silence) trusted = false
        }
      return copy.read(key)
    },
    async write(key, value) {
      await copy.write(key, value)
      try {
        await twice('readwrite', (store) => store.put(value, key))
        trusted = true
      } catch {
        trusted = false
        // A session that has been replaced must not be there at the next visit; to delete, a full disk has room.
        await forget(key).catch(() => undefined)
      }
    },
    async remove(key) {
      await copy.remove(key)
      await forget(key).then(() => (trusted = true), () => (trusted = false))
    },
  }
}
