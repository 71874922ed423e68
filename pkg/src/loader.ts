import { CountersignError } from './errors.js'

/** The three wasm artefacts of one crate, each loaded when first needed. */
export type Artefact = 'core' | 'live' | 'diagnose'

/** What `ready({ wasm })` takes: bytes or a compiled module, or where to stream them from. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | URL | string | PromiseLike<WebAssembly.Module | BufferSource | Response | URL | string>

type Glue = { default(init: { module_or_path: unknown }): Promise<unknown> }

/** Sources handed in before the first load: by the workerd and edge entries, by `countersign/static`, by `ready({ wasm })`. */
const sources: Partial<Record<Artefact, WasmSource>> = {}
const booted: Partial<Record<Artefact, Promise<unknown>>> = {}

let edge = false

/** Names the module to use instead of the inlined one. Counts until the artefact is loaded. `server`: by an entry that only servers import. */
export const provide = (name: Artefact, source: WasmSource, server = false): void => {
  sources[name] ??= source
  edge ||= server
}

/** Whether this is a server that looks like a worker. */
export const atEdge = (): boolean => edge

/** A CSP without 'wasm-unsafe-eval' says so only in words; every engine names the directive in them. */
const blocked = (error: unknown) => /Content Security Policy|unsafe-eval|wasm-unsafe-eval|Wasm code generation disallowed/i.test(String(error))

/**
 * Loads an artefact once; concurrent calls share one load, and a failed load is forgotten so that the next call tries again.
 * `glue` imports the wasm-bindgen module, `inline` the deflated bytes (both lazily, so that neither is in the eager chunk).
 */
export const boot = <G extends Glue>(name: Artefact, glue: () => Promise<G>, inline: () => Promise<WasmSource>): Promise<G> =>
  (booted[name] ??= (async () => {
    try {
      const [g, source] = await Promise.all([glue(), sources[name] ?? inline()])
      await g.default({ module_or_path: source })
      return g
    } catch (error) {
      delete booted[name]
      if (CountersignError.is(error)) throw error
      throw blocked(error)
        ? new CountersignError('csp_blocks_wasm', "The page's Content Security Policy blocks WebAssembly. Add 'wasm-unsafe-eval' to its script-src directive: script-src 'self' 'wasm-unsafe-eval'", { cause: error })
        : new CountersignError('protocol', `countersign could not load its WebAssembly (${name})`, { cause: error, retryable: true })
    }
  })()) as Promise<G>

/** Forgets a trapped instance: the next call boots a new one. */
export const forget = (name: Artefact): void => void delete booted[name]

/** What is imported when first needed. A service worker may not import() at all: `countersign/static` puts loaded modules here. */
export const lazy = {
  session: (): Promise<typeof import('./core/session.js')> => import('./core/session.js'),
  core: (): Promise<typeof import('../wasm/core.js')> => import('../wasm/core.js'),
  bytes: (): Promise<WasmSource> => import('../wasm/core-inline.js').then((m) => m.default()),
}
