// Where a streaming subscription goes on: Hasura keeps its cursor with the connection, so whoever connects anew must say it.
import { CountersignError } from '../errors.js'
import type { Payload } from './ws.js'

/** The cursor of a stream. */
export interface Cursor {
  /** Under which name the rows have it. */
  readonly column: string
  /** The same question from there. */
  from(value: unknown): Payload
}

/** `{ <one column>: value }` */
const column = (value: unknown): string | undefined => {
  const names = value && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : []
  return names.length === 1 ? names[0] : undefined
}

/** `[{ initial_value: { id: 0 } }]`, or the one in it. */
const inside = (value: unknown): { name: string; from(next: unknown): unknown } | undefined => {
  if (Array.isArray(value)) {
    const found = value.length === 1 ? inside(value[0]) : undefined
    return found && { name: found.name, from: (next) => [found.from(next)] }
  }
  const name = column((value as { initial_value?: unknown } | null)?.initial_value)
  return name === undefined ? undefined : { name, from: (next) => ({ ...(value as object), initial_value: { [name]: next } }) }
}

const withVariable = (payload: Payload, name: string, value: unknown): Payload => ({ ...payload, variables: { ...payload.variables, [name]: value } })

/** In the query: `initial_value: $start`, `initial_value: { id: $after }` or `initial_value: { id: 0 }`. */
const place = /initial_value\s*:\s*(?:\$(\w+)|\{\s*(\w+)\s*:\s*(?:\$(\w+)|("(?:\\.|[^"\\])*"|[^\s{}[\],"]+))\s*,?\s*\})/g

const find = (payload: Payload): { name: string; from(value: unknown): Payload } | undefined => {
  const { query, variables } = payload
  for (const [variable, value] of Object.entries(variables ?? {})) {
    const found = inside(value)
    if (found) return { name: found.name, from: (next) => withVariable(payload, variable, found.from(next)) }
  }
  const [only, other] = [...query.matchAll(place)]
  if (!only || other) return undefined
  const [text, start, name, after, literal] = only
  if (start) {
    const name = column(variables?.[start])
    return name === undefined ? undefined : { name, from: (next) => withVariable(payload, start, { [name]: next }) }
  }
  if (after) return { name: name!, from: (next) => withVariable(payload, after, next) }
  const at = only.index + text.lastIndexOf(literal!)
  return { name: name!, from: (next) => ({ ...payload, query: query.slice(0, at) + JSON.stringify(next) + query.slice(at + literal!.length) }) }
}

/**
 * The cursor of a streaming subscription (`<table>_stream`, engine v2.7); undefined for any other one.
 * @throws CountersignError `option_invalid` when it cannot be found.
 */
export const cursorOf = (payload: Payload, name?: string): Cursor | undefined => {
  if (!/_stream\s*\(/.test(payload.query ?? '')) return undefined
  const found = find(payload)
  if (!found)
    throw new CountersignError(
      'option_invalid',
      'hasura: the cursor of this stream was not found, so it could not go on after a reconnect. Give it as a variable: `cursor: $cursor` with { cursor: [{ initial_value: { id: 0 } }] }, or `initial_value: { id: $after }`',
      { backend: 'hasura' },
    )
  return { column: name ?? found.name, from: found.from }
}

/** Whether the operation that is asked for is a subscription. What has no text (a stored document) is taken for one. */
export const isSubscription = ({ query, operationName }: Payload): boolean => {
  if (typeof query !== 'string') return true
  const bare = query.replace(/"""[^]*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, '')
  let depth = 0
  for (const [token, kind, name] of bare.matchAll(/[{(]|[})]|[@$]\w+|\b(query|mutation|subscription)\b\s*(\w*)/g)) {
    if (token === '{' || token === '(') depth++
    else if (token === '}' || token === ')') depth--
    else if (depth === 0 && kind && (!operationName || name === operationName)) return kind === 'subscription'
  }
  return false
}
