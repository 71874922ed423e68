// Tokens to a tree: a Pratt parser with FQL's precedences. Nodes are `{ t, s, e, ... }`, s and e being offsets.
import { check } from './errors.mjs'
import { tokenize } from './lexer.mjs'

const PRECEDENCE = new Map(
  [['??'], ['||'], ['&&'], ['==', '!=', '=~', '!~'], ['>', '<', '>=', '<='], ['isa'], ['|'], ['^'], ['&'], ['+', '-'], ['*', '/', '%'], ['**']]
    .flatMap((ops, level) => ops.map((op) => [op, level])),
)
/** These may start a new line and still continue the expression; any other operator may not. */
const CROSS_LINE = new Set(['??', '||', '&&', '|', '^', '&'])
const UNSUPPORTED = { '=~': 'regular expressions', '!~': 'regular expressions', at: '`at`', match: '`match`' }
const subset = (what, span) => check(`This server does not support ${what}`, span)

/**
 * A whole query.
 * @param {string} source @param {any[]} [values] what stands at the value marks, in order; it becomes part of the tree
 */
export function parseQuery(source, values = []) {
  return new Parser(tokenize(source), values).statements((token) => token.kind === 'end', 'query')
}

class Parser {
  constructor(tokens, values) {
    this.tokens = tokens
    this.values = values
    this.at = 0
    /** Where a `.field` without a receiver would mean "of the element": one per argument list, null elsewhere. */
    this.short = null
  }
  get next() {
    return this.tokens[this.at]
  }
  is(op) {
    return (this.next.kind === 'op' || this.next.kind === 'word') && this.next.v === op
  }
  accept(op) {
    return this.is(op) ? this.tokens[this.at++] : undefined
  }
  expect(op) {
    return this.accept(op) ?? this.unexpected(`Expected \`${op}\``)
  }
  unexpected(message) {
    const { kind, s, e } = this.next
    throw check(message ?? (kind === 'end' ? 'Expected an expression, but the source ends here' : 'Expected an expression'), { s, e: Math.max(e, s + 1) })
  }
  /** Runs `parse` where short lambdas mean something (`{}`) or nothing (null). */
  scoped(short, parse) {
    const outer = this.short
    this.short = short
    const result = parse()
    this.short = outer
    return result
  }

  // Statements -----------------------------------------------------------------------------------------------------
  statements(isEnd, what) {
    return this.scoped(null, () => {
      const s = this.next.s
      const body = []
      while (!isEnd(this.next)) {
        if (body.length && !this.next.nl && this.tokens[this.at - 1].v !== ';') this.unexpected('Expected end of statement')
        body.push(this.is('let') ? this.letStatement() : this.expression())
        while (this.accept(';'));
      }
      const last = body.at(-1)
      if (!last) throw check(`Unexpected end of ${what}`, { s: this.next.s, e: this.next.s + 1 })
      if (last.t === 'let') throw check(`A ${what} must end with an expression`, { s: last.s, e: last.e })
      return { t: 'block', body, s, e: last.e }
    })
  }
  letStatement() {
    const { s } = this.expect('let')
    const name = this.name()
    if (this.is(':')) throw subset('type annotations', this.next)
    this.expect('=')
    const value = this.expression()
    return { t: 'let', name: name.v, value, s, e: value.e }
  }
  name() {
    if (this.next.kind !== 'id') this.unexpected('Expected an identifier')
    return this.tokens[this.at++]
  }

  // Expressions ----------------------------------------------------------------------------------------------------
  expression() {
    if (this.is('if')) return this.scoped(null, () => this.ifElse())
    if (this.is('at') || this.is('match')) throw subset(UNSUPPORTED[this.next.v], this.next)
    const lambda = this.lambda()
    if (lambda) return lambda
    let node = this.operators(0)
    if (this.is('{') && !this.next.nl) node = this.projection(node)
    return node
  }
  ifElse() {
    const { s } = this.expect('if')
    this.expect('(')
    const test = this.expression()
    this.expect(')')
    const yes = this.expression()
    const no = this.accept('else') ? this.expression() : undefined
    return { t: 'if', test, yes, no, s, e: (no ?? yes).e }
  }
  lambda() {
    const { s } = this.next
    let params
    if (this.next.kind === 'id' && this.tokens[this.at + 1].v === '=>' && this.tokens[this.at + 1].kind === 'op') params = [this.name()]
    else if (this.is('(') && this.arrowAfterParens()) {
      this.expect('(')
      params = this.list(')', () => (this.is('...') ? this.unexpected('This server does not support variadic lambdas') : this.name()))
    } else return undefined
    const repeated = params.find((param, i) => param.v !== '_' && params.findIndex((other) => other.v === param.v) < i)
    if (repeated) throw check(`Duplicate lambda argument \`${repeated.v}\``, repeated)
    this.expect('=>')
    const body = this.scoped(null, () => this.expression())
    return { t: 'lambda', params: params.map((param) => param.v), body, s, e: body.e }
  }
  arrowAfterParens() {
    let depth = 0
    for (let i = this.at; i < this.tokens.length; i++) {
      const { kind, v } = this.tokens[i]
      if (kind !== 'op') continue
      if (v === '(') depth++
      else if (v === ')' && --depth === 0) return this.tokens[i + 1].kind === 'op' && this.tokens[i + 1].v === '=>'
    }
    return false
  }
  operators(least) {
    let left = this.term()
    for (;;) {
      const op = this.next
      const level = op.kind === 'op' || op.v === 'isa' ? PRECEDENCE.get(op.v) : undefined
      if (level === undefined || level < least || (op.nl && !CROSS_LINE.has(op.v))) return left
      if (op.v in UNSUPPORTED) throw subset(UNSUPPORTED[op.v], op)
      this.at++
      const right = this.operators(op.v === '**' ? level : level + 1)
      left = { t: 'binary', op: op.v, left, right, at: { s: op.s, e: op.e }, s: left.s, e: right.e }
    }
  }
  term() {
    const op = ['!', '-', '~'].map((sign) => this.accept(sign)).find(Boolean)
    if (!op) return this.chain(this.primary())
    if (op.v === '-' && this.next.kind === 'num') return this.chain(this.literal(this.tokens[this.at++], -1, op.s))
    const value = this.term()
    return { t: 'unary', op: op.v, value, at: { s: op.s, e: op.e }, s: op.s, e: value.e }
  }
  literal(token, sign = 1, s = token.s) {
    const { int, double } = token.v
    return { t: 'number', int: int === undefined ? undefined : int * BigInt(sign), double: double === undefined ? undefined : double * sign, s, e: token.e }
  }

  primary() {
    const token = this.next
    const { s, e, kind, v } = token
    if (kind === 'num') return this.at++, this.literal(token)
    if (kind === 'str') return this.at++, { t: 'text', v, s, e }
    if (kind === 'value') return this.at++, { t: 'value', v: this.values[v], s, e }
    if (kind === 'template') return this.at++, this.template(token)
    if (kind === 'id') return this.at++, { t: 'name', name: v, s, e }
    if (kind === 'word' && (v === 'null' || v === 'true' || v === 'false')) return this.at++, { t: 'constant', v: JSON.parse(v), s, e }
    if (this.is('(')) return this.parens()
    if (this.is('[')) return this.array()
    if (this.is('{')) return this.scoped(null, () => (this.looksLikeObject() ? this.object() : this.block()))
    if (this.is('.')) {
      if (!this.short) throw check('Short form lambdas are not allowed here', { s, e })
      this.short.used = true
      return { t: 'this', s, e: s }
    }
    return this.unexpected()
  }
  template({ v, s, e }) {
    if (v.every((part) => typeof part === 'string')) return { t: 'text', v: v.join(''), s, e }
    const parts = v.map((part) => {
      if (typeof part === 'string') return part
      const inner = new Parser(part, this.values)
      const node = inner.expression()
      if (inner.next.kind !== 'end') inner.unexpected('Expected `}`')
      return node
    })
    return { t: 'template', parts, s, e }
  }
  parens() {
    const { s } = this.expect('(')
    const inner = this.expression()
    if (this.is(',')) throw subset('tuples', this.next)
    const { e } = this.expect(')')
    return { t: 'parens', inner, s, e }
  }
  array() {
    const { s } = this.expect('[')
    const items = this.scoped(null, () => this.list(']', () => this.expression()))
    return { t: 'array', items, s, e: this.tokens[this.at - 1].e }
  }
  block() {
    const { s } = this.expect('{')
    const node = this.statements((token) => token.kind === 'op' && token.v === '}', 'block')
    return { ...node, s, e: this.expect('}').e }
  }
  looksLikeObject() {
    const [, key, colon] = this.tokens.slice(this.at, this.at + 3)
    if (key.kind === 'op') return key.v === '}'
    return ['id', 'word', 'str', 'template'].includes(key.kind) && colon.kind === 'op' && colon.v === ':'
  }
  object() {
    const { s } = this.expect('{')
    const seen = new Set()
    const fields = this.list('}', () => {
      const key = this.key()
      if (seen.has(key.v)) throw check(`Duplicate object key \`${key.v}\``, key)
      seen.add(key.v)
      this.expect(':')
      return { key: key.v, value: this.expression() }
    })
    return { t: 'object', fields, s, e: this.tokens[this.at - 1].e }
  }
  key() {
    const token = this.tokens[this.at++]
    if (token.kind === 'template') {
      if (token.v.some((part) => typeof part !== 'string')) throw check('Object keys do not support interpolation', token)
      return { ...token, v: token.v.join('') }
    }
    if (!['id', 'word', 'str'].includes(token.kind)) this.at--, this.unexpected('Expected an object key')
    return token
  }
  /** Items up to a closing token, a trailing comma allowed. */
  list(close, item) {
    const items = []
    while (!this.accept(close)) {
      items.push(item())
      if (!this.accept(',') && !this.is(close)) this.unexpected(`Expected \`,\` or \`${close}\``)
    }
    return items
  }

  // What follows a term --------------------------------------------------------------------------------------------
  chain(start) {
    let node = start
    for (let first = true; ; first = false) {
      const { s, nl } = this.next
      const dot = this.accept('?.') ?? this.accept('.')
      if (dot) {
        const optional = dot.v === '?.'
        if (optional && (this.is('(') || this.is('['))) {
          node = this.is('(') ? this.call(node, true) : this.access(node, true)
          continue
        }
        if (node.t === 'this' && first && (this.is('(') || this.is('['))) continue
        const field = this.next.kind === 'word' ? this.tokens[this.at++] : this.name()
        node = { t: 'field', of: node, name: field.v, optional, at: { s: field.s, e: field.e }, s: node.s, e: field.e }
      } else if (!nl && this.is('(')) node = this.call(node, false)
      else if (!nl && this.is('[')) node = this.access(node, false)
      else if (!nl && this.is('!')) node = { t: 'bang', of: node, at: { s, e: s + 1 }, s: node.s, e: this.tokens[this.at++].e }
      else return node
    }
  }
  call(callee, optional) {
    const { s } = this.expect('(')
    const args = this.list(')', () => this.argument())
    return { t: 'call', callee, args, optional, at: { s, e: this.tokens[this.at - 1].e }, s: callee.s, e: this.tokens[this.at - 1].e }
  }
  access(of, optional) {
    const { s } = this.expect('[')
    const index = this.argument()
    const { e } = this.expect(']')
    return { t: 'access', of, index, optional, at: { s, e }, s: of.s, e }
  }
  /** An expression that may be a short lambda: `.total > 10`. */
  argument() {
    const short = { used: false }
    const body = this.scoped(short, () => this.expression())
    return short.used ? { t: 'lambda', params: ['this'], body, short: true, s: body.s, e: body.e } : body
  }
  projection(of) {
    this.expect('{')
    if (this.is('*')) throw subset('`{ * }`', this.next)
    const fields = this.list('}', () => {
      const { v, s, e } = this.name()
      if (this.accept(':')) {
        const value = this.argument()
        return { key: v, value: value.short ? value : { t: 'lambda', params: ['_'], body: value, s: value.s, e: value.e } }
      }
      const field = { t: 'field', of: { t: 'this', s, e: s }, name: v, at: { s, e }, s, e }
      return { key: v, value: { t: 'lambda', params: ['this'], short: true, body: this.is('{') ? this.projection(field) : field, s, e } }
    })
    return { t: 'project', of, fields, s: of.s, e: this.tokens[this.at - 1].e }
  }
}
