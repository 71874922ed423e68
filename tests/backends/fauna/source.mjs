// Event sources as FQL values: which documents are followed, and what is done with each before it is told. A source looks
// at one document at a time, so only sets that are made of `where`, `map` and projections have one.
import { fail } from './errors.mjs'
import { natives } from './natives.mjs'
import { Fn } from './values.mjs'

/** @typedef {{ coll: string } | { doc: import('./values.mjs').Doc }} Root */

export class EventSource {
  /**
   * @param {Root} root
   * @param {{ kind: 'where' | 'map', fn: Fn }[]} [steps]
   * @param {(string | number)[][]} [fields] paths; changes that touch none of them are not told. Empty: every change is
   */
  constructor(root, steps = [], fields = []) {
    this.root = root
    this.steps = steps
    this.fields = fields
  }
  get coll() {
    return 'coll' in this.root ? this.root.coll : this.root.doc.coll
  }
  /** @param {'where' | 'map'} kind @param {Fn} fn */
  with(kind, fn) {
    return new EventSource(this.root, [...this.steps, { kind, fn }], this.fields)
  }
}

/** What an event source can still do. */
export const EVENT_SOURCE = {
  fields: new Map(),
  methods: natives({
    'map(mapper: Function)': (run, source, [mapper]) => source.with('map', mapper),
    'where(predicate: Function)': (run, source, [predicate]) => source.with('where', predicate),
  }),
}

/** The set's method that makes one. @param {string} method */
export const openEventSource = (method) => (run, set, accessors, span) => {
  const refuse = (reason) => fail('invalid_receiver', `can't call \`.${method}()\` because ${reason}`, span)
  const { events } = set
  if (typeof events === 'string') throw refuse(events)
  demandRead(run, events, span)
  if (!accessors.length) return events
  if (events.steps.length) throw refuse('it was not called on the source set.')
  return new EventSource(events.root, [], accessors.map((accessor) => path(accessor, span)))
}

/** The collection (or the document) must be one the caller may read; which of its documents is decided event by event. */
export function demandRead(run, source, span) {
  const denied = (message) => fail('permission_denied', `Insufficient privileges to ${message}.`, span)
  if ('doc' in source.root) {
    if (run.access.roles && !run.read(source.root.doc).fields) throw denied('create a stream on the source document')
  } else if (!run.access.readsFrom(source.coll)) throw denied(`read from collection ${source.coll}`)
}

/** `.a.b[0]` (or the same as a long lambda) as its path. */
function path(accessor, span) {
  const wrong = () => fail('invalid_argument', 'invalid argument `fields`: expected field accessors such as `.name`', span)
  if (!(accessor instanceof Fn) || accessor.params?.length !== 1) throw wrong()
  const steps = []
  let node = accessor.body
  for (; node.t === 'field' || node.t === 'access'; node = node.of) {
    if (node.t === 'field') steps.unshift(node.name)
    else if (node.index.t === 'number' && node.index.int !== undefined) steps.unshift(Number(node.index.int))
    else if (node.index.t === 'text') steps.unshift(node.index.v)
    else throw wrong()
  }
  if (!steps.length || (node.t === 'this' ? 'this' : node.name) !== accessor.params[0]) throw wrong()
  return steps
}
