// How often the provider is asked in an hour in which a token is read once a second.
import { virtualClock } from './clock.js'

const LATENCY_MS = 120

/**
 * @param {(world: { clock: ReturnType<typeof virtualClock>, mint(): Promise<number>, seconds(): number }) => { read?(): Promise<unknown>, end?(): void }} open
 *   `mint`: a call of the network, which answers after a while with the second at which the token was made
 * @returns {Promise<number>} calls of the network
 */
export const hour = async (open, { reads = true } = {}) => {
  const clock = virtualClock()
  let calls = 0
  const seconds = () => Math.floor(clock.now / 1000)
  const mint = async () => {
    calls++
    await clock.wait(LATENCY_MS)
    return seconds()
  }
  try {
    const { read, end } = open({ clock, mint, seconds })
    for (let second = 0; second < 3600; second++) {
      let failed
      if (reads) read?.().catch((error) => (failed = error))
      // Up to the next second, not into it: an hour has 3,600 of them.
      await clock.pass(second < 3599 ? 1000 : 999)
      if (failed) throw failed
    }
    end?.()
    return calls
  } finally {
    clock.restore()
  }
}

/** min(clamp(0.2 x life, 2 s, 60 s), life / 4), in seconds. */
export const leadOf = (life) => Math.min(Math.min(Math.max(life / 5, 2), 60), life / 4)

/** The most calls that the issue allows for an hour of reads. */
export const allowed = (life) => 1.05 * Math.ceil(3600 / (life - leadOf(life)))
