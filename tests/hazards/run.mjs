// Each hazard's tests fail when its code is taken out: `node tests/hazards/run.mjs`, or of some: `node tests/hazards/run.mjs H9 H11`.
// Works in a copy of the tree. The last line is the sum over the mutations.
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { MUTATIONS } from './mutations.mjs'
import { Tree } from './tree.mjs'

/** @typedef {import('./mutations.mjs').Mutation} Mutation */

const root = fileURLToPath(new URL('../..', import.meta.url))
const tree = new Tree(root, join(root, 'target/hazards'))
const began = performance.now()
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`)
const s = (/** @type {number} */ since) => `${((performance.now() - since) / 1000).toFixed(0)} s`

/** What is wrong with the proof; `undefined` where it holds. @param {Mutation} mutation @returns {Promise<string | undefined>} */
async function prove({ file, from, to, tests }) {
  const undo = tree.replace(file, from, to)
  try {
    await tree.build(file)
    const { failed } = await tree.test(tests)
    return failed.length ? undefined : `no test failed: ${tests.map(([of, name]) => `${of}: ${name}`).join('; ')}`
  } finally {
    undo()
  }
}

async function main() {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((hazard) => !(hazard in MUTATIONS))
  if (unknown.length) throw new Error(`no mutation for ${unknown.join(', ')}; there are ${Object.keys(MUTATIONS).join(', ')}`)
  const chosen = Object.entries(MUTATIONS).filter(([hazard]) => !wanted.length || wanted.includes(hazard))

  tree.copy()
  await tree.build('pkg/src')
  const all = chosen.flatMap(([, mutations]) => mutations.flatMap(({ tests }) => tests))
  const { failed } = await tree.test(all)
  if (failed.length) throw new Error(`without any mutation, these fail or do not exist:\n  ${failed.join('\n  ')}`)
  say(`nothing taken out: ${new Set(all.map(String)).size} tests pass (${s(began)})`)

  const total = { passed: 0, failed: 0 }
  for (const [hazard, mutations] of chosen) {
    const since = performance.now()
    const lines = []
    const before = total.passed
    for (const mutation of mutations) {
      const why = await prove(mutation).catch((/** @type {Error} */ error) => error.message)
      total[why ? 'failed' : 'passed']++
      lines.push(`    without ${mutation.without}${why ? `: ${why.replaceAll('\n', '\n      ')}` : ''}`)
    }
    const caught = total.passed - before
    say([`${caught === mutations.length ? '✔' : '✘'} ${hazard.padEnd(4)}${caught} of ${mutations.length} caught (${s(since)})`, ...lines].join('\n'))
  }
  say(`${((performance.now() - began) / 60_000).toFixed(1)} minutes`)
  return total
}

for (const [signal, code] of /** @type {const} */ ([['SIGINT', 130], ['SIGTERM', 143]])) {
  process.on(signal, () => {
    tree.stop()
    process.exit(code)
  })
}

const total = await main().catch((/** @type {Error} */ error) => {
  process.stderr.write(`${error.message}\n`)
  return { passed: 0, failed: 1 }
})
process.exitCode = total.failed ? 1 : 0
say(`${total.passed} passed, ${total.failed} failed`)
