// wasm-bindgen names what it imports `__wbg_ask_8d9a1611b49d5864`: forty names of fifty letters, in the module and again in its glue.
// The module that every page loads carries short ones. Nothing but these two files knows them.

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
