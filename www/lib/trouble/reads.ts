// A page at work: every token is read once per second.
import { session, TEMPLATES } from '../backends'
import { store } from '../store'

export const reading = store(false)

const EVERY_MS = 1000
let timer: ReturnType<typeof setInterval> | undefined

export function setReading(on: boolean): void {
  clearInterval(timer)
  timer = on ? setInterval(readAll, EVERY_MS) : undefined
  if (on) readAll()
  reading.set(on)
}

function readAll(): void {
  // What a read fails with is in the trace.
  for (const template of TEMPLATES) void session.getToken(template).catch(() => {})
}
