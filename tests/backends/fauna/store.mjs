// Documents with their versions: a transaction sees one snapshot plus its own writes, and nothing of it stays when it
// fails. Old versions are kept so that a cursor can go on reading the snapshot it was made in.

import { fail } from './errors.mjs'

/** @typedef {{ ts: number, fields: Map<string, any> | null }} Version  null: deleted */
/** @typedef {{ ts: number, changes: { coll: string, id: string }[] }} Entry a transaction that wrote */

export class Store {
  /**
   * @param {Record<string, object>} collections schemas by name @param {Record<string, object[]>} seeds
   * @param {(item: any) => any} toValue of a seed's field @param {number} lastTs of the store before this one: times only ever grow
   */
  constructor(collections, seeds, toValue, lastTs) {
    /** @type {Map<string, Map<string, Version[]>>} */
    this.data = new Map(Object.keys(collections).map((name) => [name, new Map()]))
    this.lastTs = lastTs
    /** Oldest first. @type {Entry[]} */
    this.log = []
    /** Called after every commit that wrote something. @type {Set<(entry: Entry) => void>} */
    this.watchers = new Set()
    // Above 2^53 on purpose: whoever reads an id as a number loses digits here as with Fauna itself.
    this.lastId = 400_000_000_000_000_000n
    const seeding = this.begin(Date.now() * 1000 - 1_000_000)
    for (const [coll, rows] of Object.entries(seeds))
      for (const row of rows) seeding.write(coll, this.newId(), new Map(Object.entries(row).map(([key, item]) => [key, toValue(item)])))
    seeding.commit()
  }
  newId() {
    this.lastId += 65_537n
    return String(this.lastId)
  }
  /** @param {number} micros the server's clock; transaction times only ever grow */
  begin(micros) {
    return new Transaction(this, this.tick(micros))
  }
  /** A time that no transaction has had. @param {number} micros */
  tick(micros) {
    this.lastTs = Math.max(micros, this.lastTs + 1)
    return this.lastTs
  }
  /** What was written at `ts` and later. @param {number} ts */
  since(ts) {
    const first = this.log.findLastIndex((entry) => entry.ts < ts) + 1
    return this.log.slice(first)
  }
  /** What there was right after `ts`, for reading only. @param {number} ts */
  view(ts) {
    return new View(this, ts)
  }
}

class Transaction {
  constructor(store, ts) {
    this.store = store
    this.ts = ts
    this.snapshot = ts - 1
    /** @type {Map<string, Map<string, any>>} */
    this.writes = new Map()
  }
  has(coll) {
    return this.store.data.has(coll)
  }
  /** The version a reader sees; `at` (a cursor's snapshot) does not see this transaction's writes. @returns {Version | undefined} */
  version(coll, id, at) {
    const own = this.writes.get(coll)
    if (at === undefined && own?.has(id)) return { ts: this.ts, fields: own.get(id) }
    const versions = this.store.data.get(coll)?.get(id) ?? []
    return versions.findLast((version) => version.ts <= (at ?? this.snapshot))
  }
  /** Ids in order of creation. */
  ids(coll, at) {
    const known = new Set(this.store.data.get(coll)?.keys())
    if (at === undefined) for (const id of this.writes.get(coll)?.keys() ?? []) known.add(id)
    return [...known]
      .filter((id) => this.version(coll, id, at)?.fields)
      .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
  }
  write(coll, id, fields) {
    if (!this.writes.has(coll)) this.writes.set(coll, new Map())
    this.writes.get(coll).set(id, fields)
  }
  commit() {
    for (const [coll, documents] of this.writes) {
      for (const [id, fields] of documents) {
        const versions = this.store.data.get(coll)
        if (!versions.has(id)) versions.set(id, [])
        versions.get(id).push({ ts: this.ts, fields })
      }
    }
    const changes = [...this.writes].flatMap(([coll, documents]) => [...documents.keys()].map((id) => ({ coll, id })))
    if (!changes.length) return
    const entry = { ts: this.ts, changes }
    this.store.log.push(entry)
    for (const watcher of [...this.store.watchers]) watcher(entry)
  }
}

class View extends Transaction {
  constructor(store, ts) {
    super(store, ts)
    this.snapshot = ts
  }
  write() {
    throw fail('invalid_effect', 'Writes are disallowed in stream subscriptions.')
  }
}
