// The body of /query/1: a template becomes one source text with a mark at every value, and the list of those values.
import { badRequest, check, VALUE_MARK } from './errors.mjs'
import { BadValue, decodeSimple, decodeTagged } from './formats.mjs'
import { readJson } from './json.mjs'
import { quote } from './show.mjs'

const MEMBERS = new Set(['query', 'arguments'])

/**
 * @param {string} text the request's body
 * @param {'simple' | 'tagged' | 'decorated'} format
 * @param {(name: string) => boolean} isKnown
 * @returns {{ source: string, values: any[], args: Map<string, any>, invalid?: Error }} `invalid`: a value that cannot be one
 */
export function readQuery(text, format, isKnown) {
  let body
  try {
    body = readJson(text)
  } catch (error) {
    throw badRequest(`Invalid request body: ${error.message}`)
  }
  if (!(body instanceof Map)) throw badRequest('Invalid request body: expected an object')
  const unknown = [...body.keys()].find((key) => !MEMBERS.has(key))
  if (unknown !== undefined) throw badRequest(`Invalid request body: unexpected field \`${unknown}\``)
  if (!body.has('query')) throw badRequest('Invalid request body: missing field `query`')
  const out = { source: '', values: [], isKnown }
  append(body.get('query'), out, false)
  return { source: out.source, values: out.values, invalid: out.invalid, args: readArguments(body.get('arguments'), format, isKnown) }
}

function readArguments(given, format, isKnown) {
  if (given === undefined || given === null) return new Map()
  // A driver may wrap the whole map when a name begins with `@`.
  const names = given instanceof Map && given.size === 1 && given.get('@object') instanceof Map ? given.get('@object') : given
  if (!(names instanceof Map)) throw badRequest('Invalid request body: `arguments` must be an object')
  const args = new Map()
  for (const [name, value] of names) {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw badRequest(`Invalid argument '${name}': invalid identifier`)
    try {
      args.set(name, format === 'simple' ? decodeSimple(value) : decodeTagged(value, isKnown))
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      throw badRequest(`Invalid argument '${name}': ${error.message}`)
    }
  }
  return args
}

/** @param {boolean} nested directly inside an object or array, where source is wrapped in parentheses */
function append(node, out, nested) {
  if (typeof node === 'string') {
    if (node.includes(VALUE_MARK)) throw badRequest('FQL strings cannot contain NUL characters')
    out.source += nested ? `(${node})` : node
    return
  }
  const [kind, content] = node instanceof Map && node.size === 1 ? [...node][0] : []
  if (kind === 'fql' && Array.isArray(content)) {
    if (nested) out.source += '('
    for (const part of content) append(part, out, false)
    if (nested) out.source += ')'
  } else if (kind === 'value') appendValue(content, out)
  else if (kind === 'object' && content instanceof Map) {
    if (content.duplicates) throw badRequest(`Invalid request body: duplicate key \`${content.duplicates[0]}\``)
    appendList('{', '}', [...content], out, ([key, item]) => {
      out.source += `${quote(key)}: `
      append(item, out, true)
    })
  } else if (kind === 'array' && Array.isArray(content)) appendList('[', ']', content, out, (item) => append(item, out, true))
  else throw badRequest('Invalid request body: expected a string, or an object with one key of `fql`, `value`, `object`, `array`')
}

function appendList(open, close, items, out, item) {
  out.source += open
  items.forEach((one, i) => {
    if (i) out.source += ', '
    item(one)
  })
  out.source += close
}

function appendValue(json, out) {
  let value = null
  try {
    value = decodeTagged(json, out.isKnown)
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    out.invalid ??= check(error.message, { s: out.source.length, e: out.source.length + 1 })
  }
  out.source += VALUE_MARK
  out.values.push(value)
}
