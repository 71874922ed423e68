/** A random id for a new entity (UUID v4), also on pages without a secure context. */
export const id = (): string => {
  const { crypto } = globalThis
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const prefix = 'lookup__'

/** Names an entity by a unique attribute instead of its id: `db.tx.users[lookup('email', 'a@b.c')].update(...)`. */
export const lookup = (attribute: string, value: unknown): string => `${prefix}${attribute}__${JSON.stringify(value)}`

type Step = unknown[]
const actions = new Set(['create', 'update', 'merge', 'delete', 'link', 'unlink', 'ruleParams'])

const readLookup = (key: string): string | [string, unknown] => {
  if (!key.startsWith(prefix)) return key
  const rest = key.slice(prefix.length)
  const cut = rest.indexOf('__')
  return [rest.slice(0, cut), JSON.parse(rest.slice(cut + 2))]
}

const chunk = (type: string, entity: unknown, steps: readonly Step[]): unknown =>
  new Proxy({}, {
    get(_target, key) {
      if (key === '__ops') return steps
      if (key === '__etype') return type
      // Everything else is undefined, `then` above all: a chunk must survive being awaited.
      if (typeof key !== 'string' || !actions.has(key)) return undefined
      return (args: unknown, options?: unknown) => chunk(type, entity, [...steps, options ? [key, type, entity, args, options] : [key, type, entity, args]])
    },
  })

/** `tx.todos[id].update({...}).link({...})`: builds steps, sends nothing. */
export const tx: any = new Proxy({}, {
  get: (_target, type) =>
    typeof type !== 'string'
      ? undefined
      : new Proxy({}, {
          get(_inner, key) {
            if (key === '__etype') return type
            if (key === 'lookup') return (attribute: string, value: unknown) => chunk(type, [attribute, value], [])
            return typeof key === 'string' ? chunk(type, readLookup(key), []) : undefined
          },
        }),
})

/** The steps of one chunk or of many; also of chunks that the vendor's `tx` made. */
export const stepsOf = (chunks: unknown): Step[] | undefined => {
  const steps: Step[] = []
  for (const one of Array.isArray(chunks) ? chunks : [chunks]) {
    const ops = (one as { __ops?: unknown } | null | undefined)?.__ops
    if (!Array.isArray(ops)) return undefined
    // A delete has no arguments on the wire.
    for (const op of ops as Step[]) steps.push(op[0] === 'delete' ? op.slice(0, 3) : op)
  }
  return steps
}
