// What arrays and sets can do. A set's methods are the array's on its items, or a new recipe.
import { fail, failures } from './errors.mjs'
import { calls, comparison, keeps, natives } from './natives.mjs'
import { FSet, page, pageSize } from './sets.mjs'
import { openEventSource } from './source.mjs'
import { equals, int, totalCompare, typeName } from './values.mjs'

const orNull = (item) => item ?? null
const found = (index) => (index < 0 ? null : int(index))
const unique = (items) => items.filter((item, i) => items.findIndex((other) => equals(other, item)) === i)
const flat = (list, span) =>
  list.flatMap((item) => {
    if (!Array.isArray(item)) throw failures.mismatch('Array<Any>', typeName(item), span)
    return item
  })

/** Of both: they look at the items and give a value. */
const QUERIES = {
  'any(predicate: Function)': (run, items, [predicate], span) => items.some(keeps(run, predicate, span)),
  'every(predicate: Function)': (run, items, [predicate], span) => items.every(keeps(run, predicate, span)),
  'first()': (run, items) => orNull(items[0]),
  'last()': (run, items) => orNull(items.at(-1)),
  'firstWhere(predicate: Function)': (run, items, [predicate], span) => orNull(items.find(keeps(run, predicate, span))),
  'lastWhere(predicate: Function)': (run, items, [predicate], span) => orNull(items.findLast(keeps(run, predicate, span))),
  'fold(seed: Any, reducer: Function)': (run, items, [seed, reducer], span) => items.reduce((a, b) => run.apply(reducer, [a, b], span), seed),
  'foldRight(seed: Any, reducer: Function)': (run, items, [seed, reducer], span) => items.reduceRight((a, b) => run.apply(reducer, [a, b], span), seed),
  'reduce(reducer: Function)': (run, items, [reducer], span) => (items.length ? items.reduce((a, b) => run.apply(reducer, [a, b], span)) : null),
  'forEach(callback: Function)': (run, items, [callback], span) => (items.forEach((item) => run.apply(callback, [item], span)), null),
  'includes(element: Any)': (run, items, [element]) => items.some((item) => run.same(item, element)),
  'isEmpty()': (run, items) => items.length === 0,
  'nonEmpty()': (run, items) => items.length > 0,
}
/** Of both: they turn items into items. */
const CHANGES = {
  'map(mapper: Function)': (run, items, [mapper], span) => items.map((item) => calls(run, mapper, span)(item)),
  'where(predicate: Function)': (run, items, [predicate], span) => items.filter(keeps(run, predicate, span)),
  'order(...orderings: Ordering)': (run, items, orderings, span) => [...items].sort(comparison(run, orderings, span, totalCompare)),
  'reverse()': (run, items) => [...items].reverse(),
  'distinct()': (run, items) => unique(items),
  'take(limit: Int)': (run, items, [limit]) => items.slice(0, Math.max(0, limit)),
  'drop(amount: Int)': (run, items, [amount]) => items.slice(Math.max(0, amount)),
}

export const ARRAY = {
  fields: new Map([['length', (items) => int(items.length)]]),
  methods: natives({
    ...QUERIES,
    ...CHANGES,
    'filter(predicate: Function)': CHANGES['where(predicate: Function)'],
    'flatMap(mapper: Function)': (run, items, [mapper], span) => flat(items.map((item) => run.apply(mapper, [item], span)), span),
    'flatten()': (run, items, _, span) => flat(items, span),
    'append(element: Any)': (run, items, [element]) => [...items, element],
    'prepend(element: Any)': (run, items, [element]) => [element, ...items],
    'concat(other: Array)': (run, items, [other]) => [...items, ...other],
    'slice(from: Int, until: Int?)': (run, items, [from, until = items.length]) => items.slice(Math.max(0, from), Math.max(0, until)),
    'entries()': (run, items) => items.map((item, i) => [int(i), item]),
    'indexOf(element: Any)': (run, items, [element]) => found(items.findIndex((item) => run.same(item, element))),
    'indexWhere(predicate: Function)': (run, items, [predicate], span) => found(items.findIndex(keeps(run, predicate, span))),
    'toSet()': (run, items) => new FSet(() => items, 'streaming is not supported on array sets.'),
    'at(index: Int)': (run, items, [index], span) => {
      if (index < 0 || index >= items.length) throw failures.bounds(index, items.length, span)
      return items[index]
    },
  }),
}

const setQuery = (body) => (run, set, args, span) => body(run, set.items(run), args, span)
const setChange = (body, name) => (run, set, args, span) => set.derive((items, later) => body(later, items, args, span), `streaming is not supported on ${NO_EVENTS[name]}`)
const wrap = (table, wrapper) => Object.fromEntries(Object.entries(table).map(([signature, body]) => [signature, wrapper(body, signature.slice(0, signature.indexOf('(')))]))
/** What an event source cannot be made of: it follows single documents, and these look at more than one. */
const NO_EVENTS = {
  order: 'sets returned from `.order()`.', reverse: 'sets that have been reversed.', distinct: 'distinct sets.',
  take: 'sets returned from `.take()`.', drop: 'sets returned from `.drop()`.', flatMap: '`.flatMap()` sets.', concat: 'concatenated sets.',
}
const eventMethods = (signatures) => Object.fromEntries(signatures.map((signature) => [signature, openEventSource(signature.slice(0, signature.indexOf('(')))]))

export const SET = {
  fields: new Map(),
  methods: natives({
    ...wrap(QUERIES, setQuery),
    ...wrap(CHANGES, setChange),
    'map(mapper: Function)': (run, set, [mapper], span) => set.map(mapper, span),
    'where(predicate: Function)': (run, set, [predicate], span) => set.where(predicate, span),
    'count()': (run, set) => int(set.items(run).length),
    'toArray()': (run, set) => set.items(run),
    'flatMap(mapper: Function)': (run, set, [mapper], span) =>
      set.derive((items, later) => items.flatMap((item) => inner(later, later.apply(mapper, [item], span), span)), `streaming is not supported on ${NO_EVENTS.flatMap}`),
    'concat(other: Set)': (run, set, [other], span) =>
      new FSet(
        (later, at) => [...set.items(later, at), ...(other instanceof FSet ? other.items(later, at) : inner(later, other, span))],
        `streaming is not supported on ${NO_EVENTS.concat}`, set.size,
      ),
    'pageSize(size: Int)': (run, set, [size], span) => set.derive((items) => items, set.events, pageSize(size, span)),
    'paginate(size: Int?)': (run, set, [size], span) => page(run, { set, size: size === undefined ? set.size : pageSize(size, span) }),
    // The last two are the names these had first.
    ...eventMethods(['eventSource()', 'eventsOn(...fields: Any)', 'toStream()', 'changesOn(...fields: Any)']),
  }),
}
function inner(run, value, span) {
  if (value instanceof FSet) return value.items(run)
  if (Array.isArray(value)) return value
  throw fail('type_mismatch', `expected type: Set<Any>, received ${typeName(value)}`, span)
}
