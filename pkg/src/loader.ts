// The eager part of loading: what was handed in, and what is imported later.

/** The three wasm artefacts of one crate, each loaded when first needed. */
export type Artefact = 'core' | 'live' | 'diagnose'

/** What `ready({ wasm })` takes: bytes or a compiled module, or where to stream them from. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | URL | string

/** Sources handed in before the first load: by the workerd and edge entries, by `countersign/static`, by `ready({ wasm })`. */
export const sources: Partial<Record<Artefact, WasmSource | PromiseLike<WasmSource>>> = {}

let edge = false

/** Names the module to use instead of the inlined one. Counts until the artefact is loaded. `server`: by an entry that only servers import. */
export const provide = (name: Artefact, source: WasmSource | PromiseLike<WasmSource>, server = false): void => {
  sources[name] ??= source
  edge ||= server
}

/** Whether this is a server that looks like a worker. */
export const atEdge = (): boolean => edge

/** What is imported when first needed. A service worker may not import() at all: `countersign/static` puts loaded modules here. */
export const lazy = {
  session: (): Promise<typeof import('./core/session.js')> => import('./core/session.js'),
  words: (): Promise<typeof import('./core/words.js')> => import('./core/words.js'),
  options: (): Promise<typeof import('./core/options.js')> => import('./core/options.js'),
  org: (): Promise<typeof import('./core/org.js')> => import('./core/org.js'),
  bytes: (): Promise<typeof import('../wasm/core-inline.js')> => import('../wasm/core-inline.js'),
}
