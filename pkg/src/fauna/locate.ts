/** A field's name, an item's index, or, as its complement (`~0` for the first), the index of an interpolated argument. */
type Key = string | number

/** The keys that an error has passed on its way out, innermost first: a walk that succeeds keeps no path. */
const trails = new WeakMap<object, Key[]>()

/** For the `catch` around one step of a walk: `throw passing(error, key)`. A stack overflow becomes an error that says why. */
export const passing = (error: any, key: Key): unknown => {
  // V8 and Safari: "Maximum call stack size exceeded"; Firefox: "too much recursion".
  if (/call stack|recursion/.test(error?.message)) error = new RangeError('The value contains itself or is nested too deeply')
  if (error instanceof Error) trails.get(error)?.push(key) ?? trails.set(error, [key])
  return error
}

const step = (key: Key): string =>
  typeof key === 'number' ? (key < 0 ? `\${${~key}}` : `[${key}]`) : /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`

/** A query inside an argument of another is encoded by a walk of its own. */
let depth = 0

/** More than a hundred steps are no place but a value that contains itself: the first ones show how. */
const path = (trail: Key[]): string => trail.slice(trail.length > 100 ? -10 : 0).reverse().map(step).join('').replace(/^\./, '') + (trail.length > 100 ? '...' : '')

/** Runs a walk over `root`. The message of its error says where it was. */
export const located = <R>(walk: (root: any) => R, root: unknown): R => {
  depth++
  try {
    return walk(root)
  } catch (error: any) {
    const trail = trails.get(error)
    if (trail && depth === 1) {
      const place = ` (at ${path(trail)})`
      // A getter's error may be frozen, which an assignment would not forgive, or thrown for the second time.
      Reflect.set(error, 'message', error.message.replace(place, '') + place)
      trails.delete(error)
    }
    throw error
  } finally {
    depth--
  }
}
