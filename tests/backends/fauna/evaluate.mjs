// The evaluator: walks the tree. One `Run` is one query (or one predicate of a role inside it).
import { check, fail, failures, logLine } from './errors.mjs'
import { construct, member } from './members.mjs'
import { arithmetic } from './numbers.mjs'
import { FSet } from './sets.mjs'
import { EventSource } from './source.mjs'
import { compare, Doc, equals, Fn, Int, integer, isNumber, Module, typeName } from './values.mjs'
import { show } from './show.mjs'

const SKIP = Symbol('the rest of an optional chain')
const MAX_DEPTH = 300

export class Run {
  /**
   * @param {object} options
   * @param {any} options.tx @param {import('./access.mjs').Access} options.access
   * @param {{ token: Map<string, any> | null }} options.session
   * @param {string} options.source @param {() => number} options.clock ms @param {number} options.deadline ms
   * @param {import('./sets.mjs').Cursors} options.cursors @param {typeof import('./token.mjs').writeToken} options.tokenOf of an event source
   */
  constructor(options) {
    Object.assign(this, options)
    this.logs = []
    this.depth = 0
    this.stats = { compute: 0, read: 0, write: 0, bytesRead: 0, bytesWritten: 0 }
  }

  /** @param {any} node @param {{ vars: Map<string, any>, up?: any }} env */
  evaluate(node, env) {
    const result = this.step(node, env)
    return result === SKIP ? null : result
  }

  step(node, env) {
    this.stats.compute++
    if (this.stats.compute % 256 === 0 && this.clock() > this.deadline) throw fail('time_out', 'Aggressive deadline: the query did not finish in time.', node)
    switch (node.t) {
      case 'number': return node.int === undefined ? node.double : integer(node.int)
      case 'text': return node.v
      case 'constant': return node.v
      case 'value': return node.v
      case 'this': return this.lookup('this', node, env)
      case 'name': return this.lookup(node.name, node, env)
      case 'parens': return this.evaluate(node.inner, env)
      case 'template': return node.parts.map((part) => (typeof part === 'string' ? part : show(this, this.evaluate(part, env)))).join('')
      case 'array': return node.items.map((item) => this.evaluate(item, env))
      case 'object': return new Map(node.fields.map(({ key, value }) => [key, this.evaluate(value, env)]))
      case 'lambda': return new Fn({ params: node.params, body: node.body, env })
      case 'block': return this.block(node, env)
      case 'if': return this.truth(this.evaluate(node.test, env), node.test) ? this.evaluate(node.yes, env) : node.no ? this.evaluate(node.no, env) : null
      case 'unary': return this.unary(node, this.evaluate(node.value, env))
      case 'binary': return this.binary(node, env)
      case 'field': return this.field(node, env)
      case 'access': return this.access_(node, env)
      case 'bang': return this.bang(node, env)
      case 'call': return this.call(node, env)
      case 'project': return this.project(node, this.evaluate(node.of, env), env)
      default: throw new Error(`no evaluation of ${node.t}`)
    }
  }

  lookup(name, node, env) {
    for (let scope = env; scope; scope = scope.up) if (scope.vars.has(name)) return scope.vars.get(name)
    throw fail('unbound_variable', `Unbound variable \`${name}\``, node)
  }
  block(node, env) {
    const inner = { vars: new Map(), up: env }
    let result = null
    for (const statement of node.body) {
      if (statement.t === 'let') inner.vars.set(statement.name, this.evaluate(statement.value, inner))
      else result = this.evaluate(statement, inner)
    }
    return result
  }

  // Operators ------------------------------------------------------------------------------------------------------
  /** What a condition may be: true, false, or null, which is false. */
  truth(value, span) {
    if (typeof value === 'boolean') return value
    if (this.isNull(value)) return false
    throw failures.mismatch('Boolean', typeName(value), span)
  }
  unary({ op, at }, value) {
    if (op === '!') return !this.truth(value, at)
    if (value === null) throw failures.nullAccess(op, at)
    if (!isNumber(value)) throw failures.noFunction(op, typeName(value), at)
    if (op === '-') return value instanceof Int ? integer(-value.v) : -value
    return integer(~(value instanceof Int ? value.v : BigInt(Math.trunc(value))))
  }
  binary(node, env) {
    const { op, at } = node
    const left = this.evaluate(node.left, env)
    if (op === '??') return this.isNull(left) ? this.evaluate(node.right, env) : left
    if (op === '&&') return this.truth(left, node.left) && this.truth(this.evaluate(node.right, env), node.right)
    if (op === '||') return this.truth(left, node.left) || this.truth(this.evaluate(node.right, env), node.right)
    const right = this.evaluate(node.right, env)
    if (op === '==') return this.same(left, right)
    if (op === '!=') return !this.same(left, right)
    if (op === 'isa') return this.isa(left, right, at)
    if (op in ORDER) {
      const order = compare(left, right)
      return order !== undefined && ORDER[op](order)
    }
    if (this.isNull(left)) throw failures.nullAccess(op, at)
    if (op === '+' && typeof left === 'string') return joined(left, show(this, right), at)
    if (!isNumber(left)) throw failures.noFunction(op, typeName(left), at)
    if (!isNumber(right)) throw failures.argument('other', 'Number', typeName(right), at)
    return arithmetic(op, left, right, at)
  }
  same(a, b) {
    if (a === null || b === null) return this.isNull(a) && this.isNull(b)
    return equals(a, b)
  }
  isa(value, type, span) {
    if (!(type instanceof Module)) throw failures.argument('type', 'Type', typeName(type), span)
    const own = this.isNull(value) ? 'Null' : typeName(value)
    const groups = { Number: ['Int', 'Long', 'Double'], Float: ['Double'], Boolean: ['Boolean'] }
    return own === type.name || Boolean(groups[type.name]?.includes(own)) || (type.name === 'Set' && value instanceof FSet)
  }

  // Chains ---------------------------------------------------------------------------------------------------------
  /** The receiver of a chain's next link; SKIP when an optional link met null. */
  receiver(node, name, env) {
    const value = this.step(node.of ?? node.callee, env)
    if (value === SKIP) return SKIP
    if (!this.isNull(value)) return value
    if (node.optional) return SKIP
    // A document that is not there still has its reference, and the methods that ask whether it exists.
    if (value instanceof Doc && ['id', 'coll', 'exists', 'update', 'updateData', 'replace', 'delete'].includes(name)) return value
    throw failures.nullAccess(name, node.at)
  }
  field(node, env) {
    const value = this.receiver(node, node.name, env)
    return value === SKIP ? SKIP : member(this, value, node.name, node.at)
  }
  access_(node, env) {
    const value = this.receiver(node, '[]', env)
    if (value === SKIP) return SKIP
    const index = this.evaluate(node.index, env)
    if (value instanceof Map || value instanceof Doc) {
      if (typeof index !== 'string') throw failures.argument('field', 'String', typeName(index), node.at)
      return value instanceof Map ? value.get(index) ?? null : member(this, value, index, node.at)
    }
    if (!Array.isArray(value) && typeof value !== 'string') throw failures.noFunction('[]', typeName(value), node.at)
    return this.apply(member(this, value, 'at', node.at), [index], node.at)
  }
  bang(node, env) {
    const value = this.step(node.of, env)
    if (value === SKIP || value === null) throw fail('null_value', 'Null value found where a value was demanded by `!`.', node.at)
    if (value instanceof Doc) this.demand(value, node.at)
    return value
  }
  call(node, env) {
    const { callee } = node
    let fn
    if (callee.t === 'field') {
      const value = this.receiver(callee, callee.name, env)
      if (value === SKIP) return SKIP
      fn = member(this, value, callee.name, callee.at)
      if (fn === null && !node.optional) throw failures.noFunction(callee.name, typeName(value), callee.at)
      if (fn !== null && !(fn instanceof Fn) && !(fn instanceof Module))
        throw fail('invalid_function_invocation', `\`${callee.name}\`: Expected a function, found \`${typeName(fn)}\``, callee.at)
    } else fn = this.step(callee, env)
    if (fn === SKIP || (fn === null && node.optional)) return SKIP
    return this.apply(fn, node.args.map((arg) => this.evaluate(arg, env)), node)
  }
  /** Calls a function with values; `span` is where the caller is. */
  apply(fn, args, span) {
    if (fn instanceof Module) fn = construct(fn, span)
    if (!(fn instanceof Fn)) throw failures.mismatch('Function', typeName(fn), span)
    if (this.depth >= MAX_DEPTH) throw fail('stack_overflow', 'Query execution exceeded the maximum stack depth.', span)
    this.depth++
    try {
      if (fn.native) return fn.native(this, args, span)
      if (fn.params.length !== args.length)
        throw failures.arity(`exactly ${fn.params.length} argument${fn.params.length === 1 ? '' : 's'}`, args.length, span)
      return this.evaluate(fn.body, { vars: new Map(fn.params.map((param, i) => [param, args[i]])), up: fn.env })
    } finally {
      this.depth--
    }
  }
  project(node, value, env) {
    if (Array.isArray(value)) return value.map((item) => this.pick(node, item, env))
    if (value instanceof FSet) return value.map(projector(node, env), node)
    if (value instanceof EventSource) return value.with('map', projector(node, env))
    if (this.isNull(value) || value instanceof Map || value instanceof Doc) return this.pick(node, value, env)
    throw check(`Type \`${typeName(value)}\` cannot be projected`, node)
  }

  pick(node, item, env) {
    if (this.isNull(item)) return null
    return new Map(node.fields.map(({ key, value }) => [key, this.apply(this.evaluate(value, env), [item], node)]))
  }

  // Documents ------------------------------------------------------------------------------------------------------
  isNull(value) {
    return value === null || (value instanceof Doc && !this.read(value).fields)
  }
  /** @returns {{ fields?: Map<string, any>, ts?: number, cause?: string }} what this caller may see of a document */
  read(doc) {
    this.stats.read++
    return this.access.read(this, doc)
  }
  /** The document's content, or the failure that says why there is none. */
  demand(doc, span) {
    const found = this.read(doc)
    if (found.fields) return found
    if (found.cause === 'permission denied') throw failures.denied(span)
    if (found.cause === 'deleted') throw fail('document_deleted', `Document in \`${doc.coll}\` with id ${doc.id} was deleted.`, span)
    throw fail('document_not_found', `Collection \`${doc.coll}\` does not contain document with id ${doc.id}.`, span)
  }
  log(message, span) {
    this.logs.push(logLine(message, this.source, span))
  }
}

/** A projection as the function it is. */
const projector = (node, env) => new Fn({ params: ['this'], body: { ...node, of: { t: 'this', s: node.s, e: node.s } }, env })

const MAX_TEXT = 16 * 1024 * 1024
function joined(left, right, span) {
  const size = left.length + right.length
  if (size > MAX_TEXT) throw fail('value_too_large', `string size ${size} exceeds limit ${MAX_TEXT}`, span)
  return left + right
}

const ORDER = { '<': (n) => n < 0, '<=': (n) => n <= 0, '>': (n) => n > 0, '>=': (n) => n >= 0 }
