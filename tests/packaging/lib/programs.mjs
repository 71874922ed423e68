// Programs of the apps: run to their end, or kept running until their page has been looked at.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

const running = new Set()
process.on('exit', () => running.forEach((child) => kill(child)))

/** Its whole group: bundlers start workers of their own. */
function kill(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}

function begin(command, args, { cwd, env = {} }) {
  const { FORCE_COLOR: _colour, NODE_TEST_CONTEXT: _nested, ...inherited } = process.env
  const child = spawn(command === 'node' ? process.execPath : command, args, {
    cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, NO_COLOR: '1', CI: '1', NEXT_TELEMETRY_DISABLED: '1', ...env },
  })
  running.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('close', (code, signal) => resolve(code ?? signal))
  }).finally(() => running.delete(child))
  return { child, ended, said: () => said }
}

/** What it said; rejects with that if it fails or takes too long. */
export async function run(command, args, { minutes = 5, ...options }) {
  const program = begin(command, args, options)
  const limit = setTimeout(() => kill(program.child), minutes * 60_000)
  const code = await program.ended
  clearTimeout(limit)
  if (code !== 0) throw new Error(`\`${[command, ...args].join(' ')}\` ended with ${code}\n${program.said().trim()}`)
  return program.said()
}

/** Starts a server and waits until it answers at `url`; `use` then runs, and the server is stopped whatever happens. */
export async function whileRunning(command, args, { url, seconds = 60, ...options }, use) {
  const program = begin(command, args, options)
  let over
  program.ended.then((code) => (over = code))
  try {
    for (const until = Date.now() + seconds * 1000; ;) {
      if (over !== undefined || Date.now() > until) throw new Error(`${over === undefined ? 'not ready in time' : `ended with ${over}`}`)
      const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) }).catch(() => undefined)
      await answer?.arrayBuffer().catch(() => undefined)
      if (answer && answer.status < 500) break
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    return await use()
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\`${args.join(' ')}\` said:\n${program.said().trim().slice(-4000)}`)
  } finally {
    kill(program.child)
    await program.ended
  }
}

export const freePort = () => new Promise((resolve, reject) => {
  const probe = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
    probe.close(() => resolve(port))
  })
})
