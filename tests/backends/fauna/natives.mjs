// How a function of the standard library is declared: a signature as text, checked before the function runs.
import { failures } from './errors.mjs'
import { FSet } from './sets.mjs'
import { Bytes, Doc, FDate, Fn, Int, isNumber, Module, Ordering, Time, typeName } from './values.mjs'

const IS = {
  Any: () => true,
  Array: Array.isArray,
  Boolean: (v) => typeof v === 'boolean',
  Bytes: (v) => v instanceof Bytes,
  Date: (v) => v instanceof FDate,
  Function: (v) => v instanceof Fn,
  Int: (v) => v instanceof Int,
  Number: isNumber,
  Object: (v) => v instanceof Map,
  Ordering: (v) => v instanceof Ordering || v instanceof Fn,
  Set: (v) => v instanceof FSet || Array.isArray(v),
  String: (v) => typeof v === 'string',
  Time: (v) => v instanceof Time,
  Document: (v) => v instanceof Doc,
  Collection: (v) => v instanceof Module,
}

/**
 * @param {string} signature `slice(start: Int, end: Int?)`; `...` before the last name for any number
 * @param {(run: any, self: any, args: any[], span: any) => any} body Int arguments arrive as JS numbers
 * @returns {[string, (self: any) => Fn]}
 */
export function native(signature, body) {
  const [, name, list] = /^(\w+)\((.*)\)$/.exec(signature)
  const params = list ? list.split(/,\s*/).map((text) => /^(?<rest>\.\.\.)?(?<name>\w+): (?<type>\w+)(?<optional>\?)?$/.exec(text).groups) : []
  const rest = params.at(-1)?.rest ? params.at(-1) : undefined
  const least = params.filter((param) => !param.optional && !param.rest).length
  const most = rest ? Number.POSITIVE_INFINITY : params.length
  const expected = least === most ? `exactly ${least} argument${least === 1 ? '' : 's'}` : `${least} to ${most} arguments`
  const call = (self) => (run, args, span) => {
    if (args.length < least || args.length > most) throw failures.arity(expected, args.length, span)
    const checked = args.map((arg, i) => {
      const param = params[i] ?? rest
      if (!IS[param.type](arg)) throw failures.argument(param.name, param.type, typeName(arg), span)
      return param.type === 'Int' ? Number(arg.v) : arg
    })
    return body(run, self, checked, span)
  }
  return [name, (self) => new Fn({ name, native: call(self) })]
}

/** Several declarations as a table. @param {Record<string, (run: any, self: any, args: any[], span: any) => any>} declarations */
export const natives = (declarations) => new Map(Object.entries(declarations).map(([signature, body]) => native(signature, body)))

/** A predicate's verdict about an element: true keeps, false and null do not, anything else is an error. */
export const keeps = (run, predicate, span) => (item) => run.truth(run.apply(predicate, [item], span), span)
export const calls = (run, fn, span) => (...args) => run.apply(fn, args, span)

/** The comparison `order(...)` sorts by. @param {(Ordering | Fn)[]} orderings */
export function comparison(run, orderings, span, totalCompare) {
  return (a, b) => {
    for (const ordering of orderings) {
      const fn = ordering instanceof Ordering ? ordering.fn : ordering
      const order = totalCompare(run.apply(fn, [a], span), run.apply(fn, [b], span)) * (ordering.sign ?? 1)
      if (order) return order
    }
    return 0
  }
}
