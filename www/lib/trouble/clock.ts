// The wall clock of this page, moved: `Date` for everybody in it, so for Clerk's cache too. The monotonic clock (`performance.now`) and the
// timers stay as they are, because that is what a wrong clock and a closed lid look like from inside a page.
import { store } from '../store'

/** How far the page's clock is wrong, in milliseconds; above zero it runs ahead. */
export const clockError = store(0)
/** How long this page has "slept": milliseconds that passed for the servers as well. */
export const slept = store(0)

const RealDate = globalThis.Date
const now = () => RealDate.now() + clockError.get() + slept.get()
// A proxy and not a subclass: `instanceof` and `prototype` stay those of the one Date.
const MovedDate = new Proxy(RealDate, {
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  construct: (target, args, newTarget) => Reflect.construct(target, args.length ? args : [now()], newTarget),
  apply: () => new RealDate(now()).toString(),
})

const install = () => {
  globalThis.Date = clockError.get() || slept.get() ? MovedDate : RealDate
}

export function setClock(ms: number): void {
  clockError.set(ms)
  install()
}

/** So much has passed on the wall clock when this returns, and nothing on the monotonic one. */
export function setSlept(ms: number): void {
  slept.set(ms)
  install()
}

/** `+40 s`, `−1 h`, `+7 min 10 s`. */
export function offset(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const text = seconds < 120 ? `${seconds} s` : [h && `${h} h`, min && `${min} min`, s && `${s} s`].filter(Boolean).join(' ')
  return `${ms < 0 ? '−' : '+'}${text}`
}
