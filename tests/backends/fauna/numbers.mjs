// Arithmetic with FQL's rules: integers stay integers (division truncates), overflow of 64 bits becomes a Double.
import { fail } from './errors.mjs'
import { Int, integer } from './values.mjs'

const INTEGER = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
}
const DOUBLE = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

export function arithmetic(op, left, right, span) {
  if (op === '**') return power(left, right)
  if (left instanceof Int && right instanceof Int) {
    if ((op === '/' || op === '%') && right.v === 0n) throw fail('divide_by_zero', 'Attempted integer division by zero.', span)
    return integer(INTEGER[op](left.v, right.v))
  }
  if (op in DOUBLE) return DOUBLE[op](double(left), double(right))
  return integer(INTEGER[op](truncated(left), truncated(right)))
}

export const double = (v) => (v instanceof Int ? Number(v.v) : v)
const truncated = (v) => (v instanceof Int ? v.v : Number.isFinite(v) ? BigInt(Math.trunc(v)) : 0n)

function power(base, exponent) {
  // 4096 bits are far past the point where the result is a Double (or Infinity) anyway.
  if (base instanceof Int && exponent instanceof Int && exponent.v >= 0n && exponent.v <= 4096n) return integer(base.v ** exponent.v)
  return double(base) ** double(exponent)
}

/** Rounds to a number of decimals (negative: tens, hundreds), by the given rounding of Math. */
export function toPrecision(v, places, rounding) {
  if (v instanceof Int) {
    if (places >= 0) return new Int(v.v, true)
    const unit = 10 ** -places
    return new Int(BigInt(rounding(Number(v.v) / unit) * unit), true)
  }
  if (!Number.isFinite(v)) return v
  // By way of the decimal text: 1.005 * 100 is not 100.5 in binary.
  const shifted = rounding(Number(`${v}e${places}`.replace(/e([+-]?\d+)e([+-]?\d+)$/, (_, a, b) => `e${Number(a) + Number(b)}`)))
  return Number(`${shifted}e${-places}`.replace(/e([+-]?\d+)e([+-]?\d+)$/, (_, a, b) => `e${Number(a) + Number(b)}`))
}
