// What a client understands, by the version of @instantdb/core that it says it is.

/** @param {unknown} version e.g. `v1.0.67`; a client that says none gets the simplest frames */
export function featuresOf(version) {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(String(version ?? ''))?.slice(1).map(Number)
  const newerThan = (/** @type {number[]} */ other) => {
    const i = parts?.findIndex((part, n) => part !== other[n]) ?? -1
    return parts !== undefined && i >= 0 && parts[i] > other[i]
  }
  return { patchPresence: newerThan([0, 17, 5]), skipAttrs: newerThan([0, 20, 4]) }
}
