import type { AnyApi } from 'convex/server'
import { CountersignError } from '../errors.js'

// The vendor's own registered symbols: a generated `api`, the vendor's `anyApi` and ours all answer to them.
const nameOf = Symbol.for('functionName')
const componentPath = Symbol.for('toReferencePath')

const refuse = (message: string): never => {
  throw new CountersignError('option_invalid', `convex: ${message}`, { backend: 'convex' })
}

/** `module/sub:function` of a function reference: a string, `api.module.function`, or `makeFunctionReference(...)`. */
export const functionName = (reference: unknown): string => {
  if (typeof reference === 'string') {
    if (!reference.startsWith('function://')) return reference
    return refuse('expected a function reference like "api.file.func", but received a function handle, which only the server can call')
  }
  const any = (reference ?? {}) as Record<symbol, unknown>
  const name = any[nameOf]
  if (typeof name === 'string' && name) return name
  const component = any[componentPath]
  if (component) return refuse(`expected a function of this deployment like "api.file.func", but received a reference into a component (${String(component)})`)
  return refuse(`${String(reference)} is not a function reference`)
}

const createApi = (parts: readonly string[]): unknown =>
  new Proxy({}, {
    get(_target, key) {
      if (typeof key === 'string') return createApi([...parts, key])
      if (key === Symbol.toStringTag) return 'FunctionReference'
      if (key !== nameOf) return undefined
      if (parts.length < 2) return refuse(`a function reference has the form \`api.moduleName.functionName\`. Found: \`${['api', ...parts].join('.')}\``)
      const path = parts.slice(0, -1).join('/')
      const name = parts[parts.length - 1]
      return name === 'default' ? path : `${path}:${name}`
    },
  })

/** An `api` without generated code: `anyApi.messages.list` is `messages:list`. */
export const anyApi = createApi([]) as AnyApi
