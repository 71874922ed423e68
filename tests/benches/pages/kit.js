// What the bench pages share: sessions, tokens, and a stopwatch that gives every contender the same weather.

const url64 = (value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** A token as an issuer would make it, good for an hour; nobody signed it. */
export const jwt = (claims = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const payload = { iss: 'https://issuer.example/', sub: 'bench', aud: 'https://api.example/', iat: now, exp: now + 3600, email: 'bench@example.com', jti: crypto.randomUUID(), ...claims }
  return `${url64({ alg: 'RS256', typ: 'JWT', kid: 'bench' })}.${url64(payload)}.${url64('s'.repeat(254))}`
}

/** A provider that knows who is signed in. A session that is never told asks its provider on every read. */
export const provider = (getToken) => ({
  getToken,
  watch(report) {
    report({ user: 'bench' })
    return () => {}
  },
})

export const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1]

/** Who goes when: each round begins with the next one, and every full turn the direction changes, so that nobody always follows the same one (and pays for its garbage). */
export const order = (names, round) => {
  const turned = names.map((_, i) => names[(i + round) % names.length])
  return Math.floor(round / names.length) % 2 ? turned.reverse() : turned
}

/**
 * Runs the contenders in turn, round after round, so that a slow moment of the machine hits all alike.
 * @param {Record<string, () => number | Promise<number>>} contenders  each answers its own time
 * @param {{ rounds: number, warm?: number }} options
 * @returns medians by name
 */
export const interleave = async (contenders, { rounds, warm = 2 }) => {
  const names = Object.keys(contenders)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds + warm; round++)
    for (const name of order(names, round)) {
      const time = await contenders[name]()
      if (round >= warm) times[name].push(time)
    }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]))
}

/**
 * Calls the contenders one at a time, in turn, each call on the clock.
 * @param {Record<string, () => Promise<void>>} contenders  @param {{ calls: number, warm?: number }} options `calls`: of each
 * @returns medians by name, in milliseconds
 */
export const inTurn = async (contenders, { calls, warm = 150 }) => {
  const names = Object.keys(contenders)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let i = 0; i < calls + warm; i++)
    for (const name of order(names, i)) {
      const at = performance.now()
      await contenders[name]()
      if (i >= warm) times[name].push(performance.now() - at)
    }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]))
}

export const assert = (holds, otherwise) => {
  if (!holds) throw new Error(otherwise)
}
