// The standard library's modules and global functions, as far as this server has them.
import { fail } from './errors.mjs'
import { native, natives } from './natives.mjs'
import { arithmetic, double, toPrecision } from './numbers.mjs'
import { dateFrom, timeFrom, unitNanos } from './scalars.mjs'
import { FSet, page, pageSize, sequence } from './sets.mjs'
import { EventSource } from './source.mjs'
import { Bytes, compare, Doc, FDate, Int, int, isNumber, Module, Ordering, Time } from './values.mjs'
import { show } from './show.mjs'

const real = (name) => [`${name}(x: Number)`, (run, self, [x]) => Math[name](double(x))]
const total = (run, list, span) =>
  list.reduce((sum, item) => {
    if (!isNumber(item)) throw fail('invalid_argument', 'invalid argument `numbers`: all array elements must be numbers', span)
    return arithmetic('+', sum, item, span)
  }, int(0))
const listed = (run, list) => (list instanceof FSet ? list.items(run) : list)
const atLeast = (x, least, message, span) => {
  if (double(x) < least) throw fail('invalid_argument', `invalid argument \`x\`: ${message}`, span)
}

/** @type {Record<string, { fields?: Record<string, any>, functions: Map<string, (self: any) => any> }>} */
export const MODULES = {
  Math: {
    fields: { PI: Math.PI, E: Math.E, NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY },
    functions: natives({
      ...Object.fromEntries(['sin', 'cos', 'tan', 'sinh', 'cosh', 'tanh', 'atan', 'exp'].map(real)),
      'abs(x: Number)': (run, self, [x]) => (x instanceof Int ? new Int(x.v < 0n ? -x.v : x.v, x.long) : Math.abs(x)),
      'ceil(x: Number)': (run, self, [x]) => (x instanceof Int ? x : Math.ceil(x)),
      'floor(x: Number)': (run, self, [x]) => (x instanceof Int ? x : Math.floor(x)),
      'round(x: Number, precision: Int)': (run, self, [x, places]) => toPrecision(x, places, Math.round),
      'trunc(x: Number, precision: Int)': (run, self, [x, places]) => toPrecision(x, places, Math.trunc),
      'sign(x: Number)': (run, self, [x]) => int(compare(x, int(0))),
      'max(x: Number, y: Number)': (run, self, [x, y]) => (compare(x, y) < 0 ? y : x),
      'min(x: Number, y: Number)': (run, self, [x, y]) => (compare(x, y) <= 0 ? x : y),
      'pow(x: Number, power: Number)': (run, self, [x, y]) => double(x) ** double(y),
      'hypot(x: Number, y: Number)': (run, self, [x, y]) => Math.hypot(double(x), double(y)),
      'sqrt(x: Number)': (run, self, [x], span) => (atLeast(x, 0, 'x must be nonnegative', span), Math.sqrt(double(x))),
      'log(x: Number)': (run, self, [x], span) => (atLeast(x, Number.MIN_VALUE, 'x must be positive', span), Math.log(double(x))),
      'log10(x: Number)': (run, self, [x], span) => (atLeast(x, Number.MIN_VALUE, 'x must be positive', span), Math.log10(double(x))),
      'sum(numbers: Set)': (run, self, [numbers], span) => total(run, listed(run, numbers), span),
      'mean(numbers: Set)': (run, self, [numbers], span) => double(total(run, listed(run, numbers), span)) / listed(run, numbers).length,
    }),
  },
  Time: {
    functions: natives({
      'now()': (run) => Time.fromMicros(Math.floor(run.clock() * 1000)),
      'fromString(text: String)': (run, self, [text], span) => timeFrom(text, span),
      'epoch(amount: Int, unit: String)': (run, self, [amount, unit], span) => new Time(BigInt(amount) * unitNanos(unit, span)),
    }),
    construct: native('Time(text: String)', (run, self, [text], span) => timeFrom(text, span)),
  },
  Date: {
    functions: natives({
      'today()': (run) => new FDate(new Date(run.clock()).toISOString().slice(0, 10)),
      'fromString(text: String)': (run, self, [text], span) => dateFrom(text, span),
    }),
    construct: native('Date(text: String)', (run, self, [text], span) => dateFrom(text, span)),
  },
  Bytes: {
    functions: natives({ 'fromBase64(text: String)': (run, self, [text], span) => bytesFrom(text, span) }),
    construct: native('Bytes(text: String)', (run, self, [text], span) => bytesFrom(text, span)),
  },
  Query: {
    functions: natives({
      'token()': (run) => run.session.token,
      // A JWT session has no identity document; a static secret has none either.
      'identity()': () => null,
    }),
  },
  Set: {
    functions: natives({
      'paginate(cursor: String, size: Int?)': (run, self, [after, size], span) => {
        const position = run.cursors.find(after, span)
        return page(run, size === undefined ? position : { ...position, size: pageSize(size, span) })
      },
      'sequence(from: Int, until: Int)': (run, self, [from, until], span) => sequence(from, until, span),
      'single(element: Any)': (run, self, [element]) =>
        new FSet(
          (later) => (later.isNull(element) ? [] : [element]),
          element instanceof Doc ? new EventSource({ doc: element }) : 'streaming on `Set.single()` is only supported if its element is a document.',
        ),
    }),
  },
  Array: {
    functions: natives({
      'sequence(from: Int, until: Int)': (run, self, [from, until], span) => {
        if (until - from > 16_000) throw fail('value_too_large', `range size ${until - from} exceeds limit 16000`, span)
        return sequence(from, until, span).items(run)
      },
    }),
  },
  Object: {
    functions: natives({
      'keys(object: Object)': (run, self, [object]) => [...object.keys()],
      'values(object: Object)': (run, self, [object]) => [...object.values()],
      'entries(object: Object)': (run, self, [object]) => [...object],
      'hasPath(object: Object, path: Array)': (run, self, [object, path]) => path.reduce((at, name) => (at instanceof Map ? at.get(name) : undefined), object) !== undefined,
      'assign(destination: Object, source: Object)': (run, self, [destination, source]) => new Map([...destination, ...source]),
      'fromEntries(entries: Array)': (run, self, [entries], span) =>
        new Map(entries.map((entry) => {
          if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string')
            throw fail('invalid_argument', 'expected value for `entries` of type Array<[String, Any]>', span)
          return entry
        })),
    }),
  },
  ...Object.fromEntries(['String', 'Boolean', 'Number', 'Int', 'Long', 'Double', 'Null', 'Function'].map((name) => [name, { functions: new Map() }])),
}

const GLOBAL_FUNCTIONS = natives({
  'abort(value: Any)': (run, self, [value], span) => {
    throw fail('abort', 'Query aborted.', span, { abort: value })
  },
  'asc(accessor: Function)': (run, self, [accessor]) => new Ordering(accessor, 1),
  'desc(accessor: Function)': (run, self, [accessor]) => new Ordering(accessor, -1),
  'newId()': (run) => run.tx.store.newId(),
  'log(...values: Any)': (run, self, values, span) => (run.log(values.map((value) => show(run, value)).join(' '), span), null),
})

/** Every name a query may use without declaring it. @param {Iterable<string>} collections @param {Record<string, (arg: any) => any>} userFunctions */
export function globalScope(collections, userFunctions) {
  const scope = new Map([...Object.keys(MODULES), ...collections].map((name) => [name, new Module(name)]))
  for (const [name, bind] of GLOBAL_FUNCTIONS) scope.set(name, bind(null))
  for (const [name, body] of Object.entries(userFunctions)) scope.set(name, native(`${name}(argument: Any)`, (run, self, [arg]) => body(arg))[1](null))
  return scope
}

function bytesFrom(text, span) {
  const buffer = Buffer.from(text, 'base64')
  if (buffer.toString('base64') !== text) throw fail('invalid_argument', 'expected value for `text` to be padded base64', span)
  return new Bytes(buffer)
}
export const isModule = (value) => value instanceof Module && value.name in MODULES
