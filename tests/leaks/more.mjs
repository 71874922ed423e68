/** Garbage of the engine itself: compiled code, inline caches. */
const SLACK = 256 * 1024

/** What there is more of now than before; bytes of heap beyond the slack only. */
export const more = (before, now) =>
  Object.fromEntries(Object.entries(now).filter(([what, value]) => value > before[what] + (what === 'heap' ? SLACK : 0)).map(([what, value]) => [what, value - before[what]]))
