// Instantiates an artefact. Lazily loaded with the first one.
import { CountersignError } from './errors.js'
import { inflate } from './inflate.js'
import { atEdge, sources, type Artefact, type WasmSource } from './loader.js'

/** What wasm-bindgen's glue offers beside the crate's exports. */
type Glue = { __wbg_set_wasm(exports: WebAssembly.Exports): void }

const booted: Partial<Record<Artefact, Promise<unknown>>> = {}

/** A CSP without 'wasm-unsafe-eval' says so only in words; every engine names the directive in them. */
const blocked = (error: unknown) => /Content Security Policy|unsafe-eval|Wasm code generation disallowed/i.test(String(error))

/** A module is passed on as it is: an edge sandbox has another `WebAssembly.Module` than the one it came from. */
const fetched = async (source: WasmSource): Promise<WebAssembly.Module | BufferSource> => {
  const from = typeof source === 'string' || source instanceof URL ? await fetch(source) : source
  if (!(typeof Response === 'function' && from instanceof Response)) return from as WebAssembly.Module | BufferSource
  if (!from.ok) throw new Error(`HTTP ${from.status} for the WebAssembly module`)
  return from.arrayBuffer()
}

/**
 * Loads an artefact once; concurrent calls share one load, and a failed load is forgotten so that the next call tries again.
 * `glue` imports the wasm-bindgen module, `inline` the deflated bytes as base64 (both lazily, so that neither is in the eager chunk).
 */
export const boot = <G>(name: Artefact, glue: () => Promise<G>, inline: () => Promise<{ default: string }>): Promise<G> =>
  (booted[name] ??= (async () => {
    try {
      const [g, source] = await Promise.all([glue(), sources[name] ?? inline().then((m) => inflate(m.default))])
      // Not inside the call: Next's dev server wraps `WebAssembly.instantiate(...)` in a plain function, where an await does not parse.
      const code = await fetched(source)
      // A Response can be read once, and after a trap there is a next time.
      if (sources[name] && !atEdge()) sources[name] = code
      const made: unknown = await WebAssembly.instantiate(code as BufferSource, { [`./${name}_bg.js`]: g as WebAssembly.ModuleImports })
      const { exports } = (made as { instance?: WebAssembly.Instance }).instance ?? (made as WebAssembly.Instance)
      ;(g as Glue).__wbg_set_wasm(exports)
      ;(exports['__wbindgen_start'] as () => void)()
      return g
    } catch (error) {
      delete booted[name]
      // What was handed in and failed is not tried again: the next call brings another source, or takes the inlined copy. A server has no other.
      if (!atEdge()) delete sources[name]
      if (CountersignError.is(error)) throw error
      throw blocked(error)
        ? new CountersignError('csp_blocks_wasm', "The page's Content Security Policy blocks WebAssembly. Add 'wasm-unsafe-eval' to its script-src directive: script-src 'self' 'wasm-unsafe-eval'", { cause: error })
        : new CountersignError('protocol', `countersign could not load its WebAssembly (${name})`, { cause: error, retryable: true })
    }
  })()) as Promise<G>

/** Forgets a trapped instance: the next call boots a new one. */
export const forget = (name: Artefact): void => void delete booted[name]
