// The operations of `command` in src/bind/session.rs, by number; the policy's, which few pages set, are in options.ts.
// A constant each, not an object: bundlers write the number where the name stands.
export const addKey = 0
export const connect = 1
export const disconnect = 2
export const reject = 3
export const invalidate = 4
export const cancel = 5
export const refused = 6
export const visible = 7
export const verdict = 8
export const responded = 9
export const dispose = 10
export const generation = 11
export const number = 12
export const uncached = 20
export const tick = 21
export const wake = 22
export const spend = 26
export const check = 27
