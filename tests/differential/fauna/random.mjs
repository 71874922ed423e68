// Seeded random values. A value to encode is a plan, plain data from which each library builds its own; a value to decode comes with what
// it must become, known when it is made, so that ours is held to more than the driver.

/** A small, good generator (mulberry32): the same seed gives the same values in every run. @param {number} seed */
export const prng = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

/** Other seeds for a longer run or another day: COUNTERSIGN_SEED. What fails says with which. */
export const SEED = Number(process.env.COUNTERSIGN_SEED ?? 1)

/** @typedef {() => number} Random */
export const upTo = (/** @type {Random} */ r, /** @type {number} */ n) => Math.floor(r() * n)
/** @template T @param {Random} r @param {readonly T[]} list @returns {T} */
export const pick = (r, list) => /** @type {T} */ (list[upTo(r, list.length)])
/** @template T @param {Random} r @param {number} n @param {() => T} make @returns {T[]} */
const some = (r, n, make) => Array.from({ length: upTo(r, n) }, make)

const texts = ['', 'a', 'Grüße', '🚀', '"quoted"\\', '\u0000', '\ud800', '\u2028', '@int', '5', '   ', 'x'.repeat(70)]
const keys = ['a', 'b', 'name', 'total', '0', '17', 'with space', 'é', '', 'toString', 'constructor', 'toJSON', 'toObject', 'length']
const tags = ['@int', '@long', '@double', '@time', '@date', '@bytes', '@mod', '@doc', '@ref', '@set', '@stream', '@object', '@at', '@']
const ints = [0, 1, -1, 2147483647, -2147483648]
const numbers = [...ints, 2147483648, -2147483649, 9007199254740991, -9007199254740991, 9007199254740992, 1e21, -1e300, 0.5, -1.37, 1e-7, 4.14, 5e-324, 1.7976931348623157e308, NaN, -0]
const bigs = [0n, 5n, -5n, 2147483648n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]
const times = ['2024-05-01T10:11:12Z', '2024-05-01T10:11:12.123456789Z', '9999-12-31T23:59:59.999Z', '2024-05-01T10:11:12+02:00', '+12345-01-01T00:00:00Z', '-0001-01-01T00:00:00.1Z']
const dates = ['2024-05-01', '0001-01-01', '-1234-12-31', '+99999-01-01']
const collections = ['Order', 'Customer', 'Ünïcode']

// ---- To encode -----------------------------------------------------------------------------------------------------

/** @typedef {{ kind: string, value?: any, id?: string, coll?: string, ts?: string, items?: (Plan | null)[], keys?: string[], parts?: string[] }} Plan `items`: a null is a hole, or a field that is undefined */

const scalars = {
  null: () => null, boolean: ({ value }) => value, string: ({ value }) => value, number: ({ value }) => value, bigint: ({ value }) => value,
  time: ({ value }, l) => l.TimeStub.from(value), date: ({ value }, l) => l.DateStub.from(value), native: ({ value }) => new Date(value),
  module: ({ coll }, l) => new l.Module(coll), stream: ({ value }, l) => new l.StreamToken(value),
  ref: ({ coll, id }, l) => new l.DocumentReference({ coll, id }), named: ({ coll, id }, l) => new l.NamedDocumentReference({ coll: new l.Module(coll), name: id }),
  gone: ({ coll, id }, l) => new l.NullDocument(new l.DocumentReference({ coll, id }), 'not found'), namedGone: ({ coll, id }, l) => new l.NullDocument(new l.NamedDocumentReference({ coll, name: id }), 'deleted'),
  doc: ({ coll, id, ts }, l) => new l.Document({ coll, id, ts: l.TimeStub.from(ts), total: 5 }), namedDoc: ({ coll, id, ts }, l) => new l.NamedDocument({ coll, name: id, ts: l.TimeStub.from(ts), data: { a: 1 } }),
  bytes: ({ value }) => Uint8Array.from(value), buffer: ({ value }) => Uint8Array.from(value).buffer, nodeBuffer: ({ value }) => Buffer.from(value),
  boxed: ({ value }) => Object(value), map: () => new Map([[1, 2]]), regExp: () => /x/,
}
/** Nobody can send these; the classes of the errors are compared. */
const refusals = {
  infinity: () => Infinity, tooBig: () => 2n ** 63n, undefined: () => undefined, symbol: () => Symbol('s'), function: () => () => 1, invalid: () => new Date(NaN),
  view: () => new Uint16Array(2), page: (_, l) => new l.Page({ data: [] }), set: (_, l) => new l.EmbeddedSet('c'), url: () => new URL('https://a.example'),
}

/** @param {Plan | null} plan @param {any} l the library whose classes to build @returns {any} */
export const build = (plan, l) => {
  if (plan === null) return undefined
  const { kind, items = [], keys = [], parts = [] } = plan
  switch (kind) {
    case 'array': {
      const out = new Array(items.length)
      items.forEach((item, i) => item && (out[i] = build(item, l)))
      return out
    }
    case 'object': return Object.fromEntries(keys.map((key, i) => [key, build(items[i], l)]))
    case 'inherited': return Object.assign(Object.create({ up: 1 }), Object.fromEntries(keys.map((key, i) => [key, build(items[i], l)])))
    case 'query': return l.fql(parts, ...items.map((item) => build(item, l)))
  }
  return (scalars[kind] ?? refusals[kind])(plan, l)
}

/**
 * @param {Random} r @param {{ queries?: boolean, refused?: number }} [options] `queries`: for a template. `refused`: how often a leaf is one that nobody can send
 * @returns {Plan}
 */
export const plan = (r, options = {}, depth = 0) => {
  const again = () => plan(r, options, depth + 1)
  if (depth > 3 || r() < 0.6) {
    const kind = r() < (options.refused ?? 0) ? pick(r, Object.keys(refusals)) : pick(r, Object.keys(scalars))
    const of = { boolean: () => r() < 0.5, string: () => pick(r, texts), number: () => (r() < 0.5 ? pick(r, numbers) : Math.round((r() - 0.5) * 2 ** upTo(r, 60))), bigint: () => pick(r, bigs),
      time: () => pick(r, times), date: () => pick(r, dates), native: () => upTo(r, 4e12), stream: () => pick(r, texts), boxed: () => pick(r, [5, 'text', true, 5n]) }
    const value = of[kind]?.() ?? some(r, 40, () => upTo(r, 256))
    return { kind, value, id: String(upTo(r, 1e15)), coll: pick(r, collections), ts: pick(r, times) }
  }
  const kind = pick(r, options.queries ? ['array', 'object', 'inherited', 'query'] : ['array', 'object', 'inherited'])
  if (kind === 'query') {
    const items = some(r, 3, again)
    return { kind, items, parts: Array.from({ length: items.length + 1 }, () => pick(r, ['', 'f(', ')', ' + ', '.all()'])) }
  }
  const items = some(r, 5, () => (r() < 0.08 ? null : again()))
  return kind === 'array' ? { kind, items } : { kind, items, keys: items.map(() => pick(r, r() < 0.2 ? tags : keys)) }
}

/** The smallest part of a plan that fails by itself too. @param {Plan} plan @param {(plan: Plan) => boolean} fails @returns {Plan} */
export const shrink = (plan, fails) => {
  for (const item of plan.items ?? []) if (item && fails(item)) return shrink(item, fails)
  for (let i = 0; i < (plan.items?.length ?? 0) && plan.kind !== 'query'; i++) {
    const less = { ...plan, items: plan.items?.toSpliced?.(i, 1) ?? plan.items?.filter((_, n) => n !== i), keys: plan.keys?.filter((_, n) => n !== i) }
    if (fails(less)) return shrink(less, fails)
  }
  return plan
}

// ---- To decode -----------------------------------------------------------------------------------------------------

/**
 * @typedef {object} Wire
 * @property {any} json  as a server would send it in the tagged format
 * @property {(l: any, long: 'number' | 'bigint' | 'auto') => any} value  what it must become
 * @property {any} plain  the same in the simple format; `undefined` where JSON of the value cannot be that: bytes, NaN, infinities, longs that are no number
 * @property {Set<string>} odd  which of the listed differences it holds: the driver decodes it otherwise
 */

/** @param {any} json @param {Wire['value']} value @param {any} plain @param {Iterable<string>} [odd] @returns {Wire} */
const of = (json, value, plain, odd = []) => ({ json, value, plain, odd: new Set(odd) })
const both = (/** @type {Wire[]} */ parts) => new Set(parts.flatMap(({ odd }) => [...odd]))
const plainOf = (/** @type {Wire[]} */ parts, make) => (parts.some(({ plain }) => plain === undefined) ? undefined : make(parts.map(({ plain }) => plain)))
/** Own fields, whatever they are called. */
const zip = (names, values) => Object.fromEntries(names.map((name, i) => [name, values[i]]))

/** Distinct names, in the order that an object keeps them. @param {Random} r */
const names = (r, from, n) => Object.keys(zip(some(r, n, () => pick(r, from)), []))

const leaves = {
  null: () => of(null, () => null, null),
  boolean: (r) => ((b) => of(b, () => b, b))(r() < 0.5),
  string: (r) => ((s) => of(s, () => s, s))(pick(r, texts)),
  int: (r) => ((n) => of({ '@int': String(n) }, () => n, n))(r() < 0.3 ? pick(r, ints) : Math.round((r() - 0.5) * 4294967294)),
  long: (r) => ((n) => of({ '@long': String(n) }, (_, long) => (long === 'bigint' ? n : Number(n)), Number(n)))(pick(r, [5n, 5000000000n, -9007199254740991n, BigInt(Math.round((r() - 0.5) * 2 ** 53))])),
  unsafe: (r) => ((n) => of({ '@long': String(n) }, (_, long) => (long === 'number' ? Number(n) : n), undefined))(pick(r, [2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])),
  double: (r) => ((text) => of({ '@double': text }, () => Number(text), Number.isFinite(Number(text)) ? Number(text) || 0 : undefined))(pick(r, ['22.2', '1.0E10', '1.0E-7', 'NaN', 'Infinity', '-Infinity', '0.0', '-0.0', '1e+21', String(r() * 1e6)])),
  time: (r) => ((text) => of({ '@time': text }, (l) => l.TimeStub.from(text), text))(pick(r, times)),
  date: (r) => ((text) => of({ '@date': text }, (l) => l.DateStub.from(text), text))(pick(r, dates)),
  bytes: (r) => ((bytes) => of({ '@bytes': Buffer.from(bytes).toString('base64') }, () => Uint8Array.from(bytes), undefined, bytes.length ? [] : ['empty payloads']))(some(r, 40, () => upTo(r, 256))),
  module: (r) => ((name) => of({ '@mod': name }, (l) => new l.Module(name), name))(pick(r, collections)),
  stream: (r) => ((token) => of({ '@stream': token }, (l) => new l.StreamToken(token), token, token ? [] : ['empty payloads']))(pick(r, ['', 'g9WD1YPG', '@set'])),
  cursor: (r) => ((after) => of({ '@set': after }, (l) => new l.EmbeddedSet(after), after, after ? [] : ['empty payloads']))(pick(r, ['', 'hdWCxmVN', '@int'])),
  legacy: (r) => ((coll, id, tag) => of({ [tag]: `${coll}:${id}` }, (l) => new l.DocumentReference({ coll, id }), { coll, id }, tag === '@ref' ? ['references in text'] : []))(pick(r, collections), String(1 + upTo(r, 1e15)), pick(r, ['@doc', '@ref'])),
}

/** A whole reference, or one to nothing. @param {Random} r */
const reference = (r) => {
  const coll = pick(r, collections), id = String(1 + upTo(r, 1e15)), field = r() < 0.5 ? 'id' : 'name', cause = pick(r, ['', '', 'not found', 'deleted', 'permission denied'])
  const make = (l) => (field === 'id' ? new l.DocumentReference({ coll, id }) : new l.NamedDocumentReference({ coll, name: id }))
  const json = { [field]: id, coll: { '@mod': coll } }
  return cause ? of({ '@ref': { ...json, exists: false, cause } }, (l) => new l.NullDocument(make(l), cause), null) : of({ '@ref': json }, make, { [field]: id, coll })
}

/** @param {Random} r @returns {Wire} */
export const wire = (r, depth = 0) => {
  const again = () => wire(r, depth + 1)
  if (depth > 4 || (depth > 0 && r() < 0.5)) return r() < 0.2 ? reference(r) : leaves[pick(r, Object.keys(leaves))](r)
  const kind = pick(r, ['array', 'object', 'object', 'escaped', 'doc', 'doc', 'namedDoc', 'page', 'keys'])
  if (kind === 'array') {
    const items = some(r, 5, again)
    return of(items.map(({ json }) => json), (l, long) => items.map(({ value }) => value(l, long)), plainOf(items, (all) => all), both(items))
  }
  if (kind === 'page') {
    const items = some(r, 4, again), after = r() < 0.5 ? { after: `c${upTo(r, 1e9)}` } : {}
    return of({ '@set': { data: items.map(({ json }) => json), ...after } }, (l, long) => new l.Page({ data: items.map(({ value }) => value(l, long)), ...after }), plainOf(items, (data) => ({ data, ...after })), both(items))
  }
  const escaped = kind === 'escaped' || (kind === 'doc' && r() < 0.2)
  const own = names(r, escaped ? [...keys, ...tags] : kind === 'doc' ? keys.filter((key) => key !== 'name') : keys, 6)
  if (kind === 'keys') own.push(pick(r, tags))
  if (escaped) own.push('@home')
  const items = own.map(again)
  const fields = zip(own, items.map(({ json }) => json)), values = (l, long) => zip(own, items.map(({ value }) => value(l, long)))
  const plain = (more) => plainOf(items, (all) => ({ ...more, ...zip(own, all) }))
  const odd = both(items)
  if (kind === 'doc' || kind === 'namedDoc') {
    const coll = pick(r, collections), id = String(1 + upTo(r, 1e15)), ts = pick(r, times), ttl = r() < 0.2
    if (escaped && own.some((key) => key !== '@at' && key !== '@' && tags.includes(key))) odd.add('escaped tags')
    if (kind === 'namedDoc') {
      const data = r() < 0.7
      const json = { name: id, coll: { '@mod': coll }, ts: { '@time': ts }, ...(data && { data: fields }) }
      return of({ '@doc': json }, (l, long) => new l.NamedDocument({ coll, name: id, ts: l.TimeStub.from(ts), ...(data && { data: values(l, long) }) }), data ? plainOf(items, (all) => ({ name: id, coll, ts, data: zip(own, all) })) : { name: id, coll, ts, data: {} }, data ? odd : [])
    }
    const json = { id, coll: { '@mod': coll }, ts: { '@time': ts }, ...(ttl && { ttl: { '@time': ts } }), ...fields }
    return of({ '@doc': escaped ? { '@object': json } : json }, (l, long) => new l.Document({ coll, id, ts: l.TimeStub.from(ts), ...(ttl && { ttl: l.TimeStub.from(ts) }), ...values(l, long) }), plain({ id, coll, ts, ...(ttl && { ttl: ts }) }), odd)
  }
  if (escaped && own.some((key) => key !== '@at' && key !== '@' && key !== '@home' && tags.includes(key))) odd.add('escaped tags')
  if (kind === 'keys') {
    // More keys than one, and a tag among them; alone it would be a tag.
    const last = own.at(-1)
    const several = { ...fields, zz: null }
    if (last !== '@at' && last !== '@') odd.add('several keys')
    return of(several, (l, long) => ({ ...values(l, long), zz: null }), plainOf(items, (all) => ({ ...zip(own, all), zz: null })), odd)
  }
  return of(escaped ? { '@object': fields } : fields, values, plain({}), odd)
}
