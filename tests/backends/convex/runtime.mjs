import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { convexTest } from 'convex-test'
import { makeFunctionReference } from 'convex/server'
import { ConvexError, convexToJson, jsonToConvex } from 'convex/values'
import { SEEDS } from '../accounts.mjs'
import { badRequest } from './errors.mjs'
import schema from './functions/schema.js'

const MIB = 1024 * 1024
export const ARGS_LIMIT = 16 * MIB

/** convex-test finds the root of the modules by the `_generated` entry, hence the first row. */
const modules = {
  './functions/_generated/api.js': () => import('./api.js'),
  './functions/actions.js': () => import('./functions/actions.js'),
  './functions/counter.js': () => import('./functions/counter.js'),
  './functions/errors.js': () => import('./functions/errors.js'),
  './functions/messages.js': () => import('./functions/messages.js'),
  './functions/users.js': () => import('./functions/users.js'),
  './functions/values.js': () => import('./functions/values.js'),
}

/** Two personal lists, and a room that anybody may read. */
const seed = [
  ...SEEDS.convex.messages.map(({ owner, body }) => ({ owner, body, room: 'personal' })),
  { owner: 'house', room: 'lobby', body: 'Welcome to the lobby' },
  { owner: 'house', room: 'lobby', body: 'Everybody can read this' },
]

/** Console output of the function that is running, collected per call; outside a function the console is untouched. */
const lines = /** @type {AsyncLocalStorage<string[]>} */ (new AsyncLocalStorage())
let consoleHooked = false
function hookConsole() {
  if (consoleHooked) return
  consoleHooked = true
  for (const [method, level] of Object.entries({ log: 'LOG', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG' })) {
    const original = console[method].bind(console)
    console[method] = (/** @type {unknown[]} */ ...args) => {
      const collected = lines.getStore()
      if (collected) collected.push(`[${level}] ${args.map((arg) => inspect(arg, { breakLength: Infinity })).join(' ')}`)
      else original(...args)
    }
  }
}

/**
 * @typedef {{ module: string, name: string, display: string, file: string }} FunctionPath
 * @typedef {{ ok: true, value: any, logLines: string[] } | { ok: false, message: string, data?: any, hasData: boolean, logLines: string[] }} Outcome
 * @typedef {'Query' | 'Mutation' | 'Action'} Kind
 */

/** `module/sub:function`; without a colon the default export; `.js` after the module is dropped. @returns {FunctionPath} */
export function parsePath(/** @type {unknown} */ text) {
  const path = String(text)
  const refuse = (/** @type {string} */ why) => badRequest('BadConvexFunctionIdentifier', `${path} is not a valid path to a Convex function. ${why}`)
  const [modulePath, name = 'default', ...rest] = path.split(':')
  if (rest.length > 0) throw refuse("A path has at most one ':'.")
  const module = modulePath.replace(/\.js$/, '')
  if (!/^[A-Za-z0-9_.]+(\/[A-Za-z0-9_.]+)*$/.test(module)) throw refuse('Path components can only contain alphanumeric characters, underscores, or periods.')
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw refuse('Function names must be identifiers.')
  return { module, name, display: name === 'default' ? module : `${module}:${name}`, file: `${module}.js:${name}` }
}

/** @param {{ prod: boolean }} options */
export async function createRuntime({ prod }) {
  hookConsole()
  const t = convexTest(schema, modules)
  await t.run(async (ctx) => {
    for (const row of seed) await ctx.db.insert('messages', row)
  })

  /** An error as the deployment words it. Production says only that there was one; application data is always sent. @returns {Outcome} */
  function failure(/** @type {string} */ text, /** @type {string[]} */ logLines, /** @type {any} */ thrown) {
    const id = randomBytes(8).toString('hex')
    const hasData = thrown instanceof ConvexError
    return { ok: false, message: `[Request ID: ${id}] Server Error${prod ? '' : `\n${text}\n`}`, hasData, ...(hasData ? { data: thrown.data } : {}), logLines: prod ? [] : logLines }
  }

  /** @param {any} error */
  function uncaught(error) {
    const message = String(error?.message ?? error)
    if (message.startsWith('Validator error: ')) return `ArgumentValidationError: ${message.slice(17)}`
    // Only frames inside the functions, and relative: the rest is the test runtime.
    const frames = [...String(error?.stack ?? '').matchAll(/at (?:async )?([\w.]+) \([^)]*\/functions\/([\w/.]+:\d+:\d+)\)/g)].map((m) => `    at ${m[1]} (../convex/${m[2]})`)
    return [`Uncaught ${error?.name ?? 'Error'}: ${message}`, ...frames].join('\n')
  }

  /** @param {FunctionPath} path @returns {Promise<Kind | undefined>} the kind of a public function */
  async function kindOf({ module, name }) {
    const load = modules[`./functions/${module}.js`]
    const fn = load && (await load())[name]
    if (!fn?.isPublic) return undefined
    return fn.isQuery ? 'Query' : fn.isMutation ? 'Mutation' : fn.isAction ? 'Action' : undefined
  }

  /** Positional arguments off the wire to the one object a function takes. @returns {{ args?: any, problem?: string }} */
  function decodeArgs(/** @type {FunctionPath} */ path, /** @type {unknown[]} */ wire) {
    const size = Buffer.byteLength(JSON.stringify(wire))
    if (size > ARGS_LIMIT) return { problem: `Arguments for ${path.file} are too large (actual: ${(size / MIB).toFixed(2)} MiB, limit: 16 MiB)` }
    let values
    try {
      values = wire.map((value) => jsonToConvex(/** @type {any} */ (value)))
    } catch (error) {
      return { problem: `Invalid arguments for ${path.file}: ${/** @type {Error} */ (error).message}` }
    }
    if (values.length !== 1) return { problem: `ArgumentValidationError: Expected to receive a single object as the function's argument. Instead received ${values.length} arguments: ${JSON.stringify(wire)}` }
    const [args] = values
    if (typeof args !== 'object' || args === null || Array.isArray(args) || args instanceof ArrayBuffer) {
      return { problem: `ArgumentValidationError: Expected to receive an object as the function's argument. Instead received: ${JSON.stringify(wire[0])}` }
    }
    return { args }
  }

  /**
   * One call. `invoke` does the running, so that a batch may run its queries inside one transaction.
   * @param {{ kind: Kind | 'Any', path: FunctionPath, args: unknown[] }} call
   * @param {(kind: Kind, reference: any, args: any) => Promise<any>} invoke
   * @returns {Promise<Outcome>}
   */
  async function execute({ kind, path, args: wire }, invoke) {
    const actual = await kindOf(path)
    if (actual === undefined) return failure(`Could not find public function for '${path.display}'.`, [], null)
    if (kind !== 'Any' && kind !== actual) return failure(`Trying to execute ${path.file} as ${kind}, but it is defined as ${actual}.`, [], null)
    const { args, problem } = decodeArgs(path, wire)
    if (problem !== undefined) return failure(problem, [], null)
    /** @type {string[]} */
    const logLines = []
    try {
      const value = await lines.run(logLines, () => invoke(actual, makeFunctionReference(`${path.module}:${path.name}`), args))
      if (Buffer.byteLength(JSON.stringify(convexToJson(value ?? null))) > ARGS_LIMIT) return failure(`Function ${path.file} return value is too large (limit: 16 MiB)`, logLines, null)
      return { ok: true, value: value ?? null, logLines: prod ? [] : logLines }
    } catch (error) {
      return failure(uncaught(error), logLines, error)
    }
  }

  const as = (/** @type {any} */ identity) => (identity ? t.withIdentity(identity) : t)

  return {
    /** @param {any} identity @param {{ kind: Kind | 'Any', path: FunctionPath, args: unknown[] }} call */
    run: (identity, call) => execute(call, (kind, reference, args) => as(identity)[/** @type {'query'} */ (kind.toLowerCase())](reference, args)),
    /** Several queries in one transaction: they see one state. @param {any} identity @param {{ path: FunctionPath, args: unknown[] }[]} calls */
    async batch(identity, calls) {
      /** @type {Outcome[]} */
      const results = []
      const caller = as(identity)
      await caller.query(async () => {
        // Not `ctx.runQuery`: convex-test loses the int64s in the data of an error that crosses it.
        for (const call of calls) results.push(await execute({ kind: 'Query', ...call }, (_kind, reference, args) => caller.query(reference, args)))
        return null
      })
      return results
    },
  }
}
