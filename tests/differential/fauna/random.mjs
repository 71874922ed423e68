// Seeded random values, made for two libraries at once: `lib` says whose classes to build.

/** A small, good generator (mulberry32): the same seed gives the same values in every run. */
export const prng = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const texts = ['', 'a', 'Grüße', '🚀', '"quoted"\\', '\u0000', '\ud800', '@int', '5', ' '.repeat(3), 'x'.repeat(70)]
const keys = ['a', 'b', 'name', 'total', '0', '17', 'with space', 'é', '@at', '@int', '@object', '', 'toString', 'constructor']
const ints = [0, 1, -1, 2147483647, 2147483648, -2147483648, -2147483649, 9007199254740991, -9007199254740991, 9007199254740992, 1e21, -1e300]
const doubles = [0.5, -1.37, 1e-7, 4.14, 5e-324, 1.7976931348623157e308, NaN, -0]
const bigs = [0n, 5n, -5n, 2147483648n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]
const times = ['2024-05-01T10:11:12Z', '2024-05-01T10:11:12.123456789Z', '9999-12-31T23:59:59.999Z', '2024-05-01T10:11:12+02:00', '+12345-01-01T00:00:00Z', '-0001-01-01T00:00:00.1Z']
const dates = ['2024-05-01', '0001-01-01', '-1234-12-31', '+99999-01-01']

/** @returns {(r: () => number) => (lib: any) => any} a plan: the same plan builds the same value for each library */
export const plan = (r, depth = 0, { queries = false } = {}) => {
  const pick = (list) => list[Math.floor(r() * list.length)]
  const again = () => plan(r, depth + 1, { queries })
  const n = Math.floor(r() * (depth > 3 ? 10 : queries ? 17 : 16))
  const text = pick(texts), id = String(Math.floor(r() * 1e15)), name = pick(['Order', 'Customer', 'Ünïcode'])
  switch (n) {
    case 0: return () => null
    case 1: return ((v) => () => v)(r() < 0.5)
    case 2: return () => text
    case 3: return ((v) => () => v)(pick(ints))
    case 4: return ((v) => () => v)(pick(doubles))
    case 5: return ((v) => () => v)(Math.round((r() - 0.5) * 2 ** Math.floor(r() * 60)))
    case 6: return ((v) => () => v)(pick(bigs))
    case 7: return ((v) => (lib) => lib.TimeStub.from(v))(pick(times))
    case 8: return ((v) => (lib) => lib.DateStub.from(v))(pick(dates))
    case 9: return ((v) => () => new Date(v))(Math.floor(r() * 4e12))
    case 10: return (lib) => new lib.Module(name)
    case 11: {
      const ts = pick(times), kind = Math.floor(r() * 6)
      return (lib) => {
        switch (kind) {
          case 0: return new lib.DocumentReference({ coll: name, id })
          case 1: return new lib.NamedDocumentReference({ coll: new lib.Module(name), name: id })
          case 2: return new lib.NullDocument(new lib.DocumentReference({ coll: name, id }), 'not found')
          case 3: return new lib.NullDocument(new lib.NamedDocumentReference({ coll: name, name: id }), 'deleted')
          case 4: return new lib.Document({ coll: name, id, ts: lib.TimeStub.from(ts), total: 5 })
          default: return new lib.NamedDocument({ coll: name, name: id, ts: lib.TimeStub.from(ts), data: { a: 1 } })
        }
      }
    }
    case 12: {
      const bytes = Uint8Array.from({ length: Math.floor(r() * 40) }, () => r() * 256)
      return r() < 0.5 ? () => bytes : () => bytes.buffer
    }
    case 13: return (lib) => new lib.StreamToken(id)
    case 14: {
      const items = Array.from({ length: Math.floor(r() * 5) }, again)
      return (lib) => items.map((item) => item(lib))
    }
    case 15: {
      const fields = Array.from({ length: Math.floor(r() * 5) }, () => [pick(keys), r() < 0.1 ? () => undefined : again()])
      return (lib) => Object.fromEntries(fields.map(([key, field]) => [key, field(lib)]))
    }
    default: {
      const args = Array.from({ length: Math.floor(r() * 3) }, again)
      const parts = Array.from({ length: args.length + 1 }, () => pick(['', 'f(', ')', ' + ', '.all()']))
      return (lib) => lib.fql(parts, ...args.map((arg) => arg(lib)))
    }
  }
}

/** Tagged JSON as a server would send it. Payloads are never empty and no user field is named like a tag: those rows are tested by themselves. */
export const wire = (r, depth = 0) => {
  const pick = (list) => list[Math.floor(r() * list.length)]
  const fields = (n) => Object.fromEntries(Array.from({ length: Math.floor(r() * n) }, () => [pick(['a', 'b', 'name2', 'total', '0', 'é', 'with space']), wire(r, depth + 1)]))
  const coll = { '@mod': pick(['Order', 'Customer']) }, id = String(1 + Math.floor(r() * 1e15)), ts = { '@time': pick(times) }
  switch (Math.floor(r() * (depth > 4 ? 11 : 20))) {
    case 0: return null
    case 1: return r() < 0.5
    case 2: return pick(texts)
    case 3: return { '@int': String(Math.round((r() - 0.5) * 2 ** 32)) }
    case 4: return { '@long': pick(['5', '5000000000', '-9007199254740991']) }
    case 5: return { '@double': pick(['22.2', '1.0E10', 'NaN', 'Infinity', '-Infinity', '0.0', '1e+21']) }
    case 6: return { '@time': pick(times) }
    case 7: return { '@date': pick(dates) }
    case 8: return { '@bytes': Buffer.from(id).toString('base64') }
    case 9: return coll
    case 10: return { '@stream': id }
    case 11: return { '@ref': { id, coll } }
    case 12: return { '@ref': { name: 'n' + id, coll, exists: false, cause: 'not found' } }
    case 13: return { '@doc': { id, coll, ts, ...(r() < 0.2 ? { ttl: ts } : {}), ...fields(6) } }
    case 14: return { '@doc': { name: 'n' + id, coll, ts, ...(r() < 0.5 ? { data: fields(4) } : {}) } }
    case 15: return { '@set': r() < 0.3 ? 'cursor' + id : { data: [wire(r, depth + 1), wire(r, depth + 1)], ...(r() < 0.5 ? { after: 'c' + id } : {}) } }
    case 16: return { '@object': { '@home': wire(r, depth + 1), ...fields(3) } }
    case 17: return Array.from({ length: Math.floor(r() * 5) }, () => wire(r, depth + 1))
    default: return fields(6)
  }
}
