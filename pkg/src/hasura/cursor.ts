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

const blank = (text: string) => ' '.repeat(text.length)

/** Comments as blanks and strings without what is in them; each character that is left stands where it stood. */
const masked = (query: string): string =>
  query.replace(/"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*/g, (text) => (text[0] === '#' ? blank(text) : `"${'_'.repeat(text.length - 2)}"`))

interface Definition {
  kind: string
  name: string
  start: number
  end: number
}

/** The operations of a document that is masked. */
const operationsOf = (text: string): Definition[] => {
  const found: Definition[] = []
  let depth = 0
  let open: Definition | undefined
  for (const { 0: token, 1: kind, 2: name, index } of text.matchAll(/[{(]|[})]|[@$]\w+|\b(?:(query|mutation|subscription)\b[\s,\ufeff]*(\w*)|fragment[\s,\ufeff]+\w+[\s,\ufeff]+on[\s,\ufeff]+\w+)/g)) {
    const end = index + token.length
    if (token === '}' || token === ')') {
      depth--
      if (depth > 0 || token === ')') continue
      if (open) open.end = end
      open = undefined
    } else if (token === '{' || token === '(') {
      // A query may be nothing but its fields.
      if (depth++ === 0 && !open) found.push((open = { kind: 'query', name: '', start: index, end }))
    } else if (depth === 0 && /\w/.test(token[0]!)) {
      open = { kind: kind ?? 'fragment', name: name ?? '', start: index, end: text.length }
      found.push(open)
    }
  }
  return found.filter((definition) => definition.kind !== 'fragment')
}

/** The operation that is asked for. */
const asked = ({ operationName }: Payload, operations: Definition[]) => (operationName ? operations.find(({ name }) => name === operationName) : operations[0])

/** Whether the operation that is asked for is a subscription. What has no text (a stored document) is taken for one. */
export const isSubscription = (payload: Payload): boolean =>
  typeof payload.query !== 'string' || asked(payload, operationsOf(masked(payload.query)))?.kind === 'subscription'

/** The document with the operation that is asked for and the fragments only. */
const codeOf = (payload: Payload): string => {
  let text = masked(payload.query)
  const operations = operationsOf(text)
  const own = asked(payload, operations)
  for (const { start, end } of operations) if (start !== own?.start) text = text.slice(0, start) + blank(text.slice(start, end)) + text.slice(end)
  return text
}

/** Only the arguments themselves: what is in their objects is left out. */
const flat = (text: string): string => {
  const next = text.replace(/\{[^{}]*\}/g, blank)
  return next === text ? text : flat(next)
}

/** Both arguments that every stream must have; its name may be any. Answers where the value of `cursor` begins. */
const streamIn = (code: string): number | undefined => {
  for (const { 1: inside, index } of code.matchAll(/\(([^()]*)\)/g)) {
    const args = flat(inside!)
    const cursor = /(^|[^$\w])cursor\s*:/.exec(args)
    if (cursor && /(^|[^$\w])batch_size\s*:/.test(args)) return index + 1 + cursor.index + cursor[0].length
  }
  return undefined
}

/** What a cursor is found as: the name of its column, and the same question from another value. */
interface Found {
  name: string
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

/** `{ id: $after }` or `{ id: 0 }`. */
const literal = String.raw`\{\s*(\w+)\s*:\s*(?:\$(\w+)|("[^"]*"|[^\s{}[\](),:$"]+))[\s,]*\}`
const theVariable = /^\s*\[?\s*\$(\w+)/
const inPlace = new RegExp(String.raw`^\s*\[?\s*\{[^{}$]*?\binitial_value\s*:\s*(?:\$(\w+)|${literal})`)
const whole = new RegExp(String.raw`^\s*${literal}`)

const find = (payload: Payload, code: string, at: number): Found | undefined => {
  const { query, variables } = payload
  /** Where the default of a variable begins. */
  const defaultOf = (name: string) => {
    const found = new RegExp(String.raw`\$${name}\s*:[^=$(){}]*=`).exec(code)
    return found ? found.index + found[0].length : undefined
  }
  const literally = (match: RegExpExecArray, at: number, name: string | undefined, after: string | undefined, value: string | undefined): Found | undefined => {
    if (after) return { name: name!, from: (next) => withVariable(payload, after, next) }
    if (!value) return undefined
    const start = at + match.index + match[0].lastIndexOf(value)
    return { name: name!, from: (next) => ({ ...payload, query: query.slice(0, start) + JSON.stringify(next) + query.slice(start + value.length) }) }
  }
  /** `{ id: 0 }` as the variable `start`. */
  const started = (start: string): Found | undefined => {
    if (variables?.[start] !== undefined) {
      const name = column(variables[start])
      return name === undefined ? undefined : { name, from: (next) => withVariable(payload, start, { [name]: next }) }
    }
    const from = defaultOf(start)
    const match = from === undefined ? null : whole.exec(code.slice(from))
    return match ? literally(match, from!, match[1], match[2], match[3]) : undefined
  }
  /** `[{ initial_value: { id: 0 } }]` in the query. */
  const placed = (from: number): Found | undefined => {
    const match = inPlace.exec(code.slice(from))
    if (!match) return undefined
    return match[1] ? started(match[1]) : literally(match, from, match[2], match[3], match[4])
  }
  const variable = theVariable.exec(code.slice(at))?.[1]
  if (!variable) return placed(at)
  if (variables?.[variable] !== undefined) {
    const found = inside(variables[variable])
    return found && { name: found.name, from: (next) => withVariable(payload, variable, found.from(next)) }
  }
  const from = defaultOf(variable)
  return from === undefined ? undefined : placed(from)
}

/**
 * The cursor of a streaming subscription (engine v2.7); undefined for any other one.
 * @throws CountersignError `option_invalid` when it cannot be found.
 */
export const cursorOf = (payload: Payload, name?: string): Cursor | undefined => {
  if (typeof payload.query !== 'string') return undefined
  const code = codeOf(payload)
  const at = streamIn(code)
  if (at === undefined) return undefined
  const found = find(payload, code, at)
  if (!found)
    throw new CountersignError(
      'option_invalid',
      'hasura: the cursor of this stream was not found, so it could not go on after a reconnect. Give it as a variable: `cursor: $cursor` with { cursor: [{ initial_value: { id: 0 } }] }, or `initial_value: { id: $after }`',
      { backend: 'hasura' },
    )
  return { column: name ?? found.name, from: found.from }
}
