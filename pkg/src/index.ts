/**
 * The right token on every request. A session asks your `getToken` for tokens, keeps each until just before its expiry,
 * and puts the right one on every request: the right template, the right user, not expired, to an allowed origin, or it is not sent.
 */
import { lazy, provide, type WasmSource } from './loader.js'
import { createSession as create } from './session.js'
import type { Session, SessionOptions } from './types.js'

export { CountersignError } from './errors.js'
export type { ErrorCode, ErrorKind, TokenFacts } from './errors.js'
export type * from './types.js'

/**
 * A session: a module constant, safe to import on a server. Making one does nothing; it starts with the first call.
 * A wrong option is an `option_invalid` error of the first call.
 */
export const createSession = <const T extends string = string>(options?: SessionOptions<T>): Session<T> => create(options)

/** Loads the WebAssembly early; `wasm`: from a URL, Response, bytes or Module of your own instead of the inlined copy; one that fails is forgotten. */
export const ready = async (options?: { wasm?: WasmSource }): Promise<void> => {
  if (options?.wasm) provide('core', options.wasm)
  await (await lazy.session()).loadCore()
}
