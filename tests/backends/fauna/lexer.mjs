// FQL source to tokens. Newlines matter to FQL (they separate statements and end an operator chain), so every token
// knows whether one came before it. Interpolated strings hold their expressions as nested token lists.
import { check, VALUE_MARK } from './errors.mjs'

/**
 * @typedef {object} Token
 * @property {'num' | 'str' | 'template' | 'id' | 'word' | 'op' | 'value' | 'end'} kind
 * @property {any} v   num: { int: bigint } or { double: number }; template: (string | Token[])[]; value: its index
 * @property {number} s @property {number} e
 * @property {boolean} nl   a newline stands before it
 */

const WORDS = new Set(['if', 'else', 'at', 'match', 'case', 'let', 'null', 'true', 'false', 'isa', 'join', 'on', 'of'])
const OPS = ['...', '**', '??', '?.', '=>', '->', '==', '!=', '=~', '!~', '>=', '<=', '&&', '||', ...'(){}[],.;:=!+-*/%<>&|^~?@']
const ESCAPES = { '\\': '\\', 0: '\0', "'": "'", '"': '"', '`': '`', n: '\n', r: '\r', v: '\v', t: '\t', b: '\b', f: '\f', '#': '#' }

/** @param {string} source @returns {Token[]} */
export function tokenize(source) {
  const lexer = { source, at: 0, values: 0 }
  return tokens(lexer, false)
}

/** Tokens up to the end, or up to the `}` that closes an interpolation. */
function tokens(lexer, inside) {
  const list = []
  let depth = 0
  for (;;) {
    const nl = skipSpace(lexer)
    const s = lexer.at
    const token = (kind, v) => (list.push({ kind, v, s, e: lexer.at, nl }), undefined)
    if (s >= lexer.source.length) {
      if (inside) throw check('Expected `}`', { s, e: s + 1 })
      token('end')
      return list
    }
    const char = lexer.source[s]
    if (char === VALUE_MARK) lexer.at++, token('value', lexer.values++)
    else if (char === '"') token('template', doubleQuoted(lexer))
    else if (char === "'") token('str', singleQuoted(lexer))
    else if (/[0-9]/.test(char)) token('num', number(lexer))
    else if (/[A-Za-z_]/.test(char)) {
      const word = take(lexer, /[A-Za-z_][A-Za-z0-9_]*/y)
      token(WORDS.has(word) ? 'word' : 'id', word)
    } else {
      const op = OPS.find((candidate) => lexer.source.startsWith(candidate, s))
      if (!op) throw check(`Unexpected character \`${char}\``, { s, e: s + 1 })
      if (op === '{') depth++
      if (op === '}' && depth-- === 0 && inside) {
        token('end')
        return list
      }
      lexer.at += op.length
      token('op', op)
    }
  }
}

function take(lexer, pattern) {
  pattern.lastIndex = lexer.at
  const found = pattern.exec(lexer.source)
  if (!found) return undefined
  lexer.at = pattern.lastIndex
  return found[0]
}

/** Skips blanks and comments; true when a newline was among them. */
function skipSpace(lexer) {
  const start = lexer.at
  for (;;) {
    take(lexer, /\s+/y)
    if (lexer.source.startsWith('//', lexer.at)) take(lexer, /[^\n]*/y)
    else if (lexer.source.startsWith('/*', lexer.at)) {
      const end = lexer.source.indexOf('*/', lexer.at + 2)
      if (end < 0) throw check('Expected `*/`', { s: lexer.at, e: lexer.at + 2 })
      lexer.at = end + 2
    } else return lexer.source.slice(start, lexer.at).includes('\n')
  }
}

function number(lexer) {
  const s = lexer.at
  const alternative = take(lexer, /0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)/y)
  if (alternative) return { int: BigInt(alternative.replaceAll('_', '')) }
  const whole = take(lexer, /0|[1-9][0-9_]*/y)
  const rest = take(lexer, /(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9][0-9_]*)?/y)
  if (/[A-Za-z0-9_]/.test(lexer.source[lexer.at] ?? '')) throw check('Invalid number', { s, e: lexer.at + 1 })
  return rest ? { double: Number((whole + rest).replaceAll('_', '')) } : { int: BigInt(whole.replaceAll('_', '')) }
}

function singleQuoted(lexer) {
  const s = lexer.at++
  let text = ''
  for (;;) {
    text += take(lexer, /[^'\\\0]+/y) ?? ''
    if (lexer.source[lexer.at] === '\\') text += escape(lexer)
    else if (lexer.source[lexer.at] === "'") return lexer.at++, text
    else throw check("Expected `'`", { s, e: lexer.at })
  }
}

/** @returns {(string | Token[])[]} */
function doubleQuoted(lexer) {
  const s = lexer.at++
  const parts = ['']
  const add = (text) => (typeof parts.at(-1) === 'string' ? (parts[parts.length - 1] += text) : parts.push(text))
  for (;;) {
    add(take(lexer, /(?:[^"\\#\0]|#(?!\{))+/y) ?? '')
    const char = lexer.source[lexer.at]
    if (char === '\\') add(escape(lexer))
    else if (char === '#') {
      lexer.at += 2
      parts.push(tokens(lexer, true))
      lexer.at++
    } else if (char === '"') return lexer.at++, parts
    else throw check('Expected `"`', { s, e: lexer.at })
  }
}

function escape(lexer) {
  const s = lexer.at++
  const code = take(lexer, /x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}/y)
  if (code) {
    const point = Number.parseInt(code.replace(/[xu{}]/g, ''), 16)
    if (point > 0x10ffff) throw check('Invalid escape code: outside of valid unicode range', { s, e: lexer.at })
    if (point >= 0xd800 && point <= 0xdfff) throw check('Invalid escape code: surrogates are disallowed', { s, e: lexer.at })
    return String.fromCodePoint(point)
  }
  const char = ESCAPES[lexer.source[lexer.at]]
  if (char === undefined) throw check('Expected escape code', { s, e: lexer.at + 1 })
  lexer.at++
  return char
}
