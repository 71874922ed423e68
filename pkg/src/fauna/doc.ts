import { kind } from './kind.js'
import { put } from './put.js'
import type { TimeStub } from './time.js'
import type { QueryValueObject } from './wire.js'

/** A Fauna module: a collection, a user-defined module, or a function, by its name. */
export class Module {
  declare readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** The name, as Fauna's `simple` format writes it. */
  toJSON(): string {
    return this.name
  }

  /** @internal */
  get [kind](): 'mod' {
    return 'mod'
  }
}

const module = (coll: Module | string): Module => (typeof coll === 'string' ? new Module(coll) : coll)

/** A document that was not read, by collection and id. */
export class DocumentReference {
  declare readonly coll: Module
  /** The id: a 64-bit integer in text. Never turn it into a number. */
  declare readonly id: string

  constructor({ coll, id }: { coll: Module | string; id: string }) {
    this.coll = module(coll)
    this.id = id
  }

  /** `{ coll, id }` with the collection as its name. */
  toJSON(): unknown {
    return { ...this }
  }

  /** @internal */
  get [kind](): 'doc' {
    return 'doc'
  }
}

/**
 * A document with its fields. Your own fields are own properties of the instance, beside `coll`, `id`, `ts` and, only where the
 * document has one, `ttl`. A field of yours named `toObject` or `toJSON` is data and hides
 * the method of that name; `{ ...doc }` is what `toObject` gives, and JSON of the document stays right.
 */
export class Document extends DocumentReference {
  /** When it was last written. */
  declare readonly ts: TimeStub
  /** When it will be removed. Absent when it has no end. */
  declare readonly ttl?: TimeStub

  constructor(obj: { coll: Module | string; id: string; ts: TimeStub; [key: string]: any }) {
    super(obj)
    const { coll: _, id: __, ts, ...fields } = obj
    this.ts = ts
    for (const key of Object.keys(fields)) put(this, key, fields[key])
  }

  /** A plain object with the same fields. */
  toObject(): { coll: Module; id: string; ts: TimeStub; ttl?: TimeStub } {
    return { ...this }
  }
}

/** A document that was not read, in a collection whose documents have names (`Role`, `Function`, `AccessProvider`...). */
export class NamedDocumentReference {
  declare readonly coll: Module
  declare readonly name: string

  constructor({ coll, name }: { coll: Module | string; name: string }) {
    this.coll = module(coll)
    this.name = name
  }

  /** `{ coll, name }` with the collection as its name. */
  toJSON(): unknown {
    return { ...this }
  }

  /** @internal */
  get [kind](): 'named' {
    return 'named'
  }
}

/** A document that has a name instead of an id; your fields are in `data`. */
export class NamedDocument<T extends object = Record<string, never>> extends NamedDocumentReference {
  /** When it was last written. */
  declare readonly ts: TimeStub
  /** `{}` when the document has none. */
  declare readonly data: T

  constructor(obj: { coll: Module | string; name: string; ts: TimeStub; data?: T; [key: string]: any }) {
    super(obj)
    const { coll: _, name: __, ts, data, ...fields } = obj
    this.ts = ts
    this.data = data || ({} as T)
    for (const key of Object.keys(fields)) put(this, key, fields[key])
  }

  /** A plain object with the same fields. */
  toObject(): { coll: Module; name: string; ts: TimeStub; data: T } {
    return { ...this }
  }
}

/** Where a document was asked for and there is none to see. */
export class NullDocument {
  declare readonly ref: DocumentReference | NamedDocumentReference
  /** `not found`, `deleted`, `permission denied` or `collection deleted`. */
  declare readonly cause: string

  constructor(ref: DocumentReference | NamedDocumentReference, cause: string) {
    this.ref = ref
    this.cause = cause
  }

  /** `null`, as Fauna's `simple` format writes it. */
  toJSON(): null {
    return null
  }

  /** @internal */
  get [kind](): 'null' {
    return 'null'
  }
}

/** A document with the fields that you declare: `DocumentT<{ total: number }>`. */
export type DocumentT<T extends object = QueryValueObject> = Document & T
