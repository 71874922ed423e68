/**
 * Where in a value a walk fails. The walks themselves keep no path, so that the common case costs nothing; after a failure this
 * one descends again, always into the first child that fails alone.
 */
const locate = (root: unknown, fails: (value: unknown) => boolean): string => {
  let path = ''
  let at = root
  // A cyclic value fails at every depth; a hundred steps say enough.
  search: for (let depth = 0; depth < 100 && typeof at === 'object' && at !== null; depth++) {
    for (const key of Object.keys(at)) {
      const child = (at as Record<string, unknown>)[key]
      if ((child !== undefined || Array.isArray(at)) && fails(child)) {
        path += Array.isArray(at) ? `[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
        at = child
        continue search
      }
    }
    break
  }
  return path
}

/** Runs a walk; its error is thrown on with the place added to the message. Without a place the message stays as it was. */
export const located = <R>(walk: () => R, root: () => unknown, again: (value: unknown) => unknown): R => {
  try {
    return walk()
  } catch (error) {
    const path = locate(root(), (value) => {
      try {
        again(value)
        return false
      } catch {
        return true
      }
    })
    if (path && error instanceof Error) error.message += ` (at ${path.replace(/^\./, '')})`
    throw error
  }
}
