// The data of the app: what is typed and indexed, how things are linked, who may see and change what.
import { randomUUID } from 'node:crypto'
import { ACCOUNTS, SEEDS } from '../accounts.mjs'
import { createCatalog } from './catalog.mjs'

/**
 * @typedef {{ type?: 'string' | 'number' | 'boolean', indexed?: boolean, unique?: boolean }} Attr
 * @typedef {{ to: string, reverse: string, has: 'one' | 'many' }} Link
 * @typedef {{ attrs: Record<string, Attr>, links: Record<string, Link> }} Entity
 * @typedef {{ id: string, etype: string, at: number, attrs: Record<string, any>, links: Record<string, Set<string>> }} Row
 * @typedef {{ id: string, email: string | null } | null} Auth
 */

/** The app at its start. Attributes that are not named here may be written and read, but not compared or sorted by: they have no index. @type {Record<string, Entity>} */
export const SCHEMA = {
  todos: {
    attrs: { text: { type: 'string', indexed: true }, done: { type: 'boolean', indexed: true }, owner: { type: 'string', indexed: true }, priority: { type: 'number', indexed: true } },
    links: { project: { to: 'projects', reverse: 'todos', has: 'one' } },
  },
  projects: {
    attrs: { name: { type: 'string', indexed: true }, slug: { type: 'string', indexed: true, unique: true }, owner: { type: 'string', indexed: true } },
    links: { todos: { to: 'todos', reverse: 'project', has: 'many' } },
  },
  $users: { attrs: { email: { type: 'string', indexed: true, unique: true }, type: { type: 'string' }, imageURL: { type: 'string' }, nickname: { type: 'string' }, linkedPrimaryUser: { type: 'string' } }, links: {} },
  $files: { attrs: { path: { type: 'string', indexed: true, unique: true }, url: { type: 'string' }, size: { type: 'number', indexed: true }, 'content-type': { type: 'string', indexed: true }, 'content-disposition': { type: 'string' } }, links: {} },
}

/** What a new user may bring along in `extra_fields`. */
export const USER_EXTRA_FIELDS = ['nickname']
export const USER_SYSTEM_FIELDS = ['id', 'email', 'type', 'imageURL', 'linkedPrimaryUser', 'created_at']

/** A row is its owner's, and the owner is written as an address, or as a user id for users without one. */
const owns = (/** @type {Auth} */ auth, /** @type {Record<string, any>} */ attrs) => auth !== null && attrs.owner !== undefined && attrs.owner !== null && (attrs.owner === auth.email || attrs.owner === auth.id)

/**
 * The permission rules. `before` and `after` are attributes; an etype without rules may be neither read nor written.
 * @type {Record<string, { view: (auth: Auth, row: Row) => boolean, write: (auth: Auth, before: Record<string, any> | undefined, after: Record<string, any> | undefined) => boolean }>}
 */
export const RULES = {
  todos: { view: (auth, row) => owns(auth, row.attrs), write: (auth, before, after) => (!before || owns(auth, before)) && (!after || owns(auth, after)) },
  projects: { view: (auth, row) => owns(auth, row.attrs), write: (auth, before, after) => (!before || owns(auth, before)) && (!after || owns(auth, after)) },
  $users: { view: (auth, row) => auth?.id === row.id, write: () => false },
  // Files come and go through the storage endpoints; a transaction cannot make one.
  $files: { view: (auth, row) => ownsFile(auth, row.attrs.path), write: () => false },
}

/** Everybody has a folder, which is named like the user's id. @param {Auth} auth @param {string} path */
export const ownsFile = (auth, path) => auth !== null && path.startsWith(`${auth.id}/`)

/** @param {{ users: () => { id: string, [field: string]: any }[] }} options users are kept elsewhere and only shown here */
export function createStore({ users }) {
  /** @type {Map<string, Row>} */
  let rows = new Map()
  let clock = Date.now()
  const catalog = createCatalog(SCHEMA)

  const store = {
    catalog,
    get schema() { return catalog.schema },
    /** @param {string} etype @returns {Row[]} oldest first, equal times by id */
    ofType(etype) {
      const found = etype === '$users' ? users().map(userRow) : [...rows.values()].filter((row) => row.etype === etype)
      return found.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    },
    get: (/** @type {string} */ id) => rows.get(id),
    /** @param {string} etype @param {string} id @param {Record<string, any>} attrs @returns {Row} */
    insert(etype, id, attrs) {
      clock = Math.max(clock + 1, Date.now())
      const row = { id, etype, at: clock, attrs: { ...attrs }, links: {} }
      rows.set(id, row)
      return row
    },
    /** Both directions at once; a link that holds one lets go of the other. @param {Row} from @param {string} label @param {Row} to */
    link(from, label, to) {
      const { has, reverse } = catalog.schema[from.etype].links[label]
      if (has === 'one') for (const old of from.links[label] ?? []) store.unlink(from, label, /** @type {Row} */ (rows.get(old)))
      if (catalog.schema[to.etype].links[reverse].has === 'one') for (const old of to.links[reverse] ?? []) store.unlink(/** @type {Row} */ (rows.get(old)), label, to)
      ;(from.links[label] ??= new Set()).add(to.id)
      ;(to.links[reverse] ??= new Set()).add(from.id)
    },
    /** @param {Row} from @param {string} label @param {Row} to */
    unlink(from, label, to) {
      from.links[label]?.delete(to.id)
      to.links[catalog.schema[from.etype].links[label].reverse]?.delete(from.id)
    },
    /** @param {Row} row */
    remove(row) {
      for (const [label, ids] of Object.entries(row.links)) for (const id of [...ids]) store.unlink(row, label, /** @type {Row} */ (rows.get(id)))
      rows.delete(row.id)
    },
    /** The rows a row is linked to. @param {Row} row @param {string} label */
    linked: (row, label) => [...(row.links[label] ?? [])].map((id) => /** @type {Row} */ (rows.get(id))).sort((a, b) => a.at - b.at),
    /** All or nothing: a throw puts everything back. @template T @param {() => T} work @returns {T} */
    transaction(work) {
      const before = structuredClone(rows)
      const forget = catalog.snapshot()
      try {
        return work()
      } catch (error) {
        rows = before
        forget()
        throw error
      }
    },
  }

  for (const account of Object.values(ACCOUNTS)) {
    const home = store.insert('projects', randomUUID(), { name: `${account.name}'s house`, slug: `${account.person}-house`, owner: account.email })
    SEEDS.instant.todos.filter(({ owner }) => owner === account.person).forEach(({ text, done }, i) => {
      const todo = store.insert('todos', randomUUID(), { text, done, owner: account.email, priority: i + 1 })
      if (!done) store.link(todo, 'project', home)
    })
  }
  return store
}

/** @param {{ id: string, [field: string]: any }} user @returns {Row} */
function userRow({ id, created_at, ...attrs }) {
  return { id, etype: '$users', at: Date.parse(created_at), attrs, links: {} }
}
