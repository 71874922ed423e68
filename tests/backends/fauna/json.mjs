// A JSON reader that keeps what JSON.parse forgets: the text of numbers (a Long does not fit a JS number, and
// `1.0` is not `1`), duplicate keys, and a nesting limit. And the writer that goes with it.

/** A number as it was written. */
export class RawNumber {
  constructor(text) {
    this.text = text
  }
  get isInteger() {
    return /^-?\d+$/.test(this.text)
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SPACE = /[ \t\r\n]*/y
const LIMIT = 1000

/**
 * Objects become Maps, numbers RawNumbers, everything else itself. Throws SyntaxError.
 * @param {string} text
 */
export function readJson(text) {
  let at = 0
  const take = (pattern) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found?.[0]
  }
  const wrong = () => new SyntaxError(at < text.length ? `Unexpected character at offset ${at}` : 'Unexpected end of input')
  const expect = (char) => {
    take(SPACE)
    if (text[at] !== char) throw wrong()
    at++
  }
  const string = () => {
    const found = take(STRING)
    if (found === undefined) throw wrong()
    return JSON.parse(found)
  }
  const value = (depth) => {
    if (depth > LIMIT) throw new SyntaxError('JSON exceeds nesting limit')
    take(SPACE)
    const char = text[at]
    if (char === '"') return string()
    if (char === '{') return object(depth)
    if (char === '[') return array(depth)
    for (const [word, result] of [['true', true], ['false', false], ['null', null]])
      if (text.startsWith(word, at)) return (at += word.length), result
    const number = take(NUMBER)
    if (!number) throw wrong()
    return new RawNumber(number)
  }
  const object = (depth) => {
    const result = new Map()
    at++
    take(SPACE)
    if (text[at] === '}') return at++, result
    for (;;) {
      take(SPACE)
      const key = string()
      expect(':')
      if (result.has(key)) (result.duplicates ??= []).push(key)
      result.set(key, value(depth + 1))
      take(SPACE)
      if (text[at] === '}') return at++, result
      expect(',')
    }
  }
  const array = (depth) => {
    const result = []
    at++
    take(SPACE)
    if (text[at] === ']') return at++, result
    for (;;) {
      result.push(value(depth + 1))
      take(SPACE)
      if (text[at] === ']') return at++, result
      expect(',')
    }
  }
  const result = value(0)
  take(SPACE)
  if (at < text.length) throw wrong()
  return result
}

/** Writes Maps, arrays, plain objects, RawNumbers and JSON's own scalars; `undefined` fields are left out. */
export function writeJson(value) {
  if (value instanceof RawNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = value instanceof Map ? [...value] : Object.entries(value)
    return `{${entries.filter(([, item]) => item !== undefined).map(([key, item]) => `${JSON.stringify(key)}:${writeJson(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
