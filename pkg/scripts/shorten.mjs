// wasm-bindgen names what it imports `__wbg_ask_8d9a1611b49d5864`: forty names of fifty letters, in the module and again in its glue.
// The module that every page loads carries short ones, and its glue is written for our engines only. Nothing but these two files knows them.

const leb = (n) => {
  const out = []
  do {
    out.push((n & 127) | (n > 127 ? 128 : 0))
    n >>>= 7
  } while (n)
  return out
}

/** A module with the entries of one section rewritten. `entry` reads one with `number` and `text` and gives its new bytes, or nothing to leave it out. */
const rewrite = (bytes, section, entry) => {
  let at = 8
  const number = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
    }
  }
  const text = () => {
    const length = number()
    return Buffer.from(bytes.subarray(at, (at += length))).toString()
  }
  const parts = [bytes.subarray(0, 8)]
  while (at < bytes.length) {
    const from = at
    const id = bytes[at++]
    const end = number() + at
    if (id === section) {
      const entries = Array.from({ length: number() }, () => entry({ number, text })).filter(Boolean)
      const body = Buffer.concat([Buffer.from(leb(entries.length)), ...entries])
      parts.push(Buffer.from([id, ...leb(body.length)]), body)
    } else parts.push(bytes.subarray(from, end))
    at = end
  }
  return Buffer.concat(parts)
}

const named = (text) => Buffer.from([...leb(Buffer.byteLength(text)), ...Buffer.from(text)])

/** The import section with other names. Only functions occur. */
export const renameImports = (bytes, rename) =>
  rewrite(bytes, 2, ({ number, text }) => {
    const module = text()
    const field = text()
    const kind = number()
    if (kind) throw new Error(`an import of kind ${kind} is not known to shorten.mjs`)
    return Buffer.concat([named(module), named(rename(field)), Buffer.from([kind, ...leb(number())])])
  })

/** Without the exports that nobody asks for: what only they need, wasm-opt takes away. */
export const dropExports = (bytes, used) =>
  rewrite(bytes, 7, ({ number, text }) => {
    const name = text()
    const rest = [...leb(number()), ...leb(number())]
    return used(name) && Buffer.concat([named(name), Buffer.from(rest)])
  })

/** wasm-bindgen's helpers as far as our engines need them: what they look like there, what is enough, and whether not every artefact has one. */
const helpers = [
  // By the platform's encoder, with no loop of its own for short texts and no polyfill.
  [/^function passStringToWasm0\([\s\S]*?^}\n/m, `function passStringToWasm0(arg) {
    const bytes = cachedTextEncoder.encode(arg);
    const ptr = wasm.__wbindgen_malloc(WASM_VECTOR_LEN = bytes.length, 1) >>> 0;
    getUint8ArrayMemory0().set(bytes, ptr);
    return ptr;
}
`],
  [/(, wasm\.__wbindgen_malloc)?, wasm\.__wbindgen_realloc\)/g, ')'],
  [/^if \(!\('encodeInto' in cachedTextEncoder\)\) {[\s\S]*?^}\n/m, ''],
  // Safari's decoder breaks after two gigabytes; a new one each time never comes near.
  [/^let cachedTextDecoder = (.*);\n[\s\S]*?^function decodeText\([\s\S]*?^}\n/m, 'const decodeText = (bytes) => $1.decode(bytes);\n', true],
  // A view costs less to make than to ask whether the old one is still of this memory, and of this instance: a trapped one's is not detached.
  [/^let cached\w+Memory0 = null;\nfunction (get(\w+)Memory0)\([\s\S]*?^}\n/gm, 'const $1 = () => new $2(wasm.memory.buffer);\n'],
  // Where a machine runs there are finalizers; and it is freed by its host, not by `using`.
  [/\(typeof FinalizationRegistry === 'undefined'\)\n.*\n *: (?=.*_free\()/g, '', true],
  [/^if \(Symbol\.dispose\) .*\n/gm, '', true],
]

/**
 * The glue with those helpers, and without names for what is said once: a text goes over where it is named, and `const val3 = +n` is left out, because
 * our own TypeScript hands numbers in and WebAssembly coerces as well.
 */
export const plain = (glue) => {
  for (const [what, by, optional] of helpers) {
    if (!optional && !glue.match(what)) throw new Error(`the glue has nothing like ${what}`)
    glue = glue.replace(what, by)
  }
  return glue.replace(/^(export function| {4})\b.*\) {\n[\s\S]*?^(?:}| {4}})$/gm, (text) => {
    for (const [line, value, name] of text.matchAll(/^ *const (val\d+) = \+(\w+);\n/gm)) text = text.replace(line, '').replace(new RegExp(`\\b${value}\\b`), name)
    // Two arguments side by side are evaluated in this order.
    for (const [lines, ptr, made, len] of text.matchAll(/^ *const (ptr\d+) = (passStringToWasm0\(\w+\));\n *const (len\d+) = WASM_VECTOR_LEN;\n/gm))
      if (text.includes(`, ${ptr}, ${len}`)) text = text.replace(lines, '').replace(`${ptr}, ${len}`, `${made}, WASM_VECTOR_LEN`)
    return text
  })
}

/**
 * The glue as one object, its default export: a namespace that is used as a value (the module's imports are read from it) has a getter made for each
 * name by a bundler, and a chunk for what makes them.
 */
export const gather = (glue) => {
  const members = []
  const rest = glue
    .replace(/((?:^\/\*\*\n(?: \*.*\n)+)?)^export function (\w+\([\s\S]*?^}.*)\n/gm, (_, comment, method) => (members.push(comment + method), ''))
    .replace(/^export class (\w+)/gm, (_, name) => (members.push(name), `class ${name}`))
  if (/^export /m.test(rest)) throw new Error('the glue exports something else than functions and classes')
  return `${rest}\nexport default {\n${members.join(',\n')}\n};\n`
}

/** Module and glue with short import names. */
export const shorten = (bytes, glue) => {
  const names = new Map()
  const out = renameImports(bytes, (name) => {
    if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`)
    return names.get(name)
  })
  let text = glue
  for (const [long, short] of names) {
    const parts = text.split(new RegExp(`\\b${long}\\b`))
    if (parts.length < 2) throw new Error(`the glue does not define ${long}`)
    text = parts.join(short)
  }
  return { bytes: out, glue: text }
}
