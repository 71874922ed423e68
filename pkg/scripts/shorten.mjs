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

/** The import section rewritten: every field becomes what `rename` says. Only functions, tables and globals of wasm-bindgen occur. */
export const renameImports = (bytes, rename) => {
  let at = 8
  const read = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
    }
  }
  const text = () => {
    const length = read()
    return Buffer.from(bytes.subarray(at, (at += length))).toString()
  }
  const parts = [bytes.subarray(0, 8)]
  while (at < bytes.length) {
    const from = at
    const id = bytes[at++]
    const size = read()
    const end = at + size
    if (id !== 2) {
      at = end
      parts.push(bytes.subarray(from, end))
      continue
    }
    const body = []
    const count = read()
    body.push(...leb(count))
    for (let i = 0; i < count; i++) {
      const module = Buffer.from(text())
      const field = Buffer.from(rename(text()))
      const start = at
      const kind = bytes[at++]
      if (kind === 0) read()
      else throw new Error(`an import of kind ${kind} is not known to shorten.mjs`)
      body.push(...leb(module.length), ...module, ...leb(field.length), ...field, ...bytes.subarray(start, at))
    }
    parts.push(Buffer.from([2, ...leb(body.length), ...body]))
  }
  return Buffer.concat(parts)
}

/** wasm-bindgen's helpers as far as our engines need them: what they look like there, and what is enough. */
const helpers = [
  // By the platform's encoder, with no loop of its own for short texts and no polyfill.
  [/^function passStringToWasm0\([\s\S]*?^}\n/m, `function passStringToWasm0(arg, malloc) {
    const bytes = cachedTextEncoder.encode(arg);
    const ptr = malloc(bytes.length, 1) >>> 0;
    getUint8ArrayMemory0().set(bytes, ptr);
    WASM_VECTOR_LEN = bytes.length;
    return ptr;
}
`],
  [/, wasm\.__wbindgen_realloc\)/g, ')'],
  [/^if \(!\('encodeInto' in cachedTextEncoder\)\) {[\s\S]*?^}\n/m, ''],
  // Safari's decoder breaks after two gigabytes; a new one each time never comes near.
  [/^let cachedTextDecoder = (.*);\n[\s\S]*?^function decodeText\([\s\S]*?^}\n/m, 'const decodeText = (bytes) => $1.decode(bytes);\n'],
]

/** The glue with those helpers, and without `const val3 = +n`: our own TypeScript hands numbers in, and WebAssembly coerces as well. */
const plain = (glue) => {
  for (const [what, by] of helpers) {
    if (!glue.match(what)) throw new Error(`the glue has nothing like ${what}`)
    glue = glue.replace(what, by)
  }
  return glue.replace(/^export function \w+\([\s\S]*?^}/gm, (text) => {
    for (const [line, value, name] of text.matchAll(/^ *const (val\d+) = \+(\w+);\n/gm)) text = text.replace(line, '').replace(new RegExp(`\\b${value}\\b`), name)
    return text
  })
}

/** Module and glue with short import names, and with no more than our engines and callers need. */
export const shorten = (bytes, glue) => {
  const names = new Map()
  const out = renameImports(bytes, (name) => {
    if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`)
    return names.get(name)
  })
  let text = plain(glue)
  for (const [long, short] of names) {
    const parts = text.split(new RegExp(`\\b${long}\\b`))
    if (parts.length < 2) throw new Error(`the glue does not define ${long}`)
    text = parts.join(short)
  }
  return { bytes: out, glue: text }
}
