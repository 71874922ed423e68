// Chromium with nobody looking on. Where a debugger is attached, as Playwright's always is, the browser writes down the whole stack of every
// `fetch` and sends it over: half of the time of a request, and more of it the deeper the stack is from which a client sends.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LIMIT_MS = 300_000

/**
 * Calls a function of pages/bench.js in a fresh browser.
 * @param {{ url: string, said(): Promise<string> }} server  `said`: the next answer that a page gives to it
 * @param {string} executablePath @param {string} name @param {object} options @returns {Promise<any>} what it answers
 */
export const alone = async (server, executablePath, name, options) => {
  const profile = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const page = `${server.url}/?${new URLSearchParams({ call: name, options: JSON.stringify(options) })}`
  const answered = server.said()
  const child = spawn(executablePath, ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, page], { stdio: 'ignore' })
  const ended = new Promise((done) => child.once('exit', done).once('error', done))
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const silent = new Promise((_, reject) => {
    const fail = (/** @type {string} */ how) => reject(new Error(`${name}: the browser ${how} and has not answered`))
    timer = setTimeout(fail, LIMIT_MS, 'runs')
    void ended.then(() => fail('ended'))
  })
  try {
    const { value, error } = JSON.parse(await Promise.race([answered, silent]))
    if (error) throw new Error(error)
    return value
  } finally {
    clearTimeout(timer)
    silent.catch(() => {})
    child.kill()
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}
