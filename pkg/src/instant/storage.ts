import type { OwnerRecord, User } from './port.js'

/** What is kept between visits: the user with its session, and whose it is. */
export interface StoredSession {
  user: User
  owner: OwnerRecord
}

/** Where a session is kept. It holds a secret that lives until it is revoked. */
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

const settle = <R>(start: (resolve: (value: R) => void, reject: (error: unknown) => void) => void): Promise<R> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('IndexedDB does not answer')), patienceMs)
    const end = () => clearTimeout(timer)
    start((value) => (end(), resolve(value)), (error) => (end(), reject(error)))
  })

const open = (): Promise<IDBDatabase> =>
  settle((resolve, reject) => {
    const request = globalThis.indexedDB.open(database, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore(table)
    request.onsuccess = () => {
      // A later version of this page in another tab must not wait for this connection.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })

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

/** IndexedDB, with a copy in memory for this visit, so that a full or forbidden disk costs no more than the next visit's sign-in. */
export const indexedDbStore = (): SessionStore => {
  const copy = memoryStore()
  let trusted = true
  const attempt = async <R>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<R>): Promise<R | undefined> => {
    if (!trusted || !globalThis.indexedDB) return undefined
    for (let left = 1; ; left--) {
      try {
        return await run(mode, act)
      } catch {
        if (left > 0) continue
        if (mode === 'readwrite') trusted = false
        return undefined
      }
    }
  }
  return {
    read: async (key) => (await copy.read(key)) ?? attempt('readonly', (store) => store.get(key)),
    async write(key, value) {
      await copy.write(key, value)
      await attempt('readwrite', (store) => store.put(value, key))
    },
    async remove(key) {
      await copy.remove(key)
      // Also after a failed write: what is on disk is a session that is about to be revoked.
      trusted = true
      await attempt('readwrite', (store) => store.delete(key))
    },
  }
}
