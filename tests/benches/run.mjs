// npm run bench [-- --quick] [--no-build] [--only=tokens,calls,fetch,fauna,hasura,gap,bytes,start,flat]: ours beside the vendors' clients, in headless Chromium.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../pkg/scripts/tools.mjs'

export { sizes } from './sizes.mjs'

const main = async (args) => {
  const unknown = args.filter((arg) => !/^--(quick|no-build|only=.+)$/.test(arg))
  if (unknown.length) throw new Error(`unknown: ${unknown.join(' ')}. There are --quick, --no-build, --only=part,part`)
  const quick = args.includes('--quick')
  const began = Date.now()
  if (!args.includes('--no-build')) {
    const { build } = await import('../../pkg/scripts/build.mjs')
    await build({ pack: true })
  }
  // After the build, which may have had to install what these import.
  const { measure, parts } = await import('./rows.mjs')
  const { assertBuilt } = await import('./bundle.mjs')
  const { open } = await import('./browser.mjs')
  const { print, write } = await import('./report.mjs')
  const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length).split(',') ?? Object.keys(parts)
  for (const part of only) if (!Object.hasOwn(parts, part)) throw new Error(`there is no part ${part}; there are ${Object.keys(parts).join(', ')}`)
  assertBuilt()

  const build = /'(\w+)'/.exec(readFileSync(join(root, 'pkg/dist/build-id.js'), 'utf8'))?.[1] ?? 'unknown'
  const browser = await open(console.log)
  /** @type {Record<string, import('./rows.mjs').Row[]>} */
  const byPart = {}
  const reasons = []
  try {
    // Bytes first: they are of the package as it is now, whoever builds it again while the clock runs.
    for (const part of [...only].sort((a, b) => Number(b === 'bytes') - Number(a === 'bytes'))) {
      const from = Date.now()
      try {
        byPart[part] = await measure[part]({ bench: browser.bench, unwatched: browser.unwatched, browser, quick })
      } catch (error) {
        const reason = String(error instanceof Error ? error.message : error).split('\n')[0]
        reasons.push(`${parts[part].join(', ')}: ${reason}`)
        byPart[part] = parts[part].map((name) => ({ name, ours: null, peer: null, ratio: null, unit: '', note: `not measured: ${reason}` }))
      }
      console.log(`  ${part} (${((Date.now() - from) / 1000).toFixed(1)} s)`)
    }
  } finally {
    await browser.stop()
  }

  const rows = Object.keys(parts).flatMap((part) => byPart[part] ?? [])
  console.log(`\n${print(rows)}\n`)
  for (const { name, note, ours } of rows) if (note && ours !== null) console.log(`${name}: ${note}`)
  const missed = rows.filter(({ met }) => met === false)
  const all = only.length === Object.keys(parts).length
  if (all) write(rows, { chromium: browser.version, build, quick })
  console.log(`\n${all ? 'target/bench.json and www/docs/bench.md are written' : 'a part only: nothing is written'}; ${((Date.now() - began) / 1000).toFixed(0)} s`)
  for (const reason of reasons) console.log(`NOT MEASURED  ${reason}`)
  for (const { name, goal } of missed) console.log(`GOAL MISSED  ${name}: ${goal}`)
  if (!missed.length && !reasons.length) console.log('every goal is met')
  // A goal missed is a result; a row without a number is none.
  if (reasons.length || rows.some(({ ours }) => ours === null)) process.exitCode = 1
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  main(process.argv.slice(2)).catch((error) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
