// The table, for people and for programs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { root } from '../../pkg/scripts/tools.mjs'

const number = (value, unit) => {
  if (value === null) return ''
  if (unit === 'bytes') return value.toLocaleString('en')
  return value.toFixed(unit === 'ns' || unit === 'calls' ? 0 : unit === 'KB' ? 1 : value < 1 ? 3 : 2)
}
const cells = ({ name, ours, peer, ratio, unit, against = '', goal = '', met }) => [
  name, ours === null ? 'not measured' : number(ours, unit), number(peer, unit), unit, ratio === null ? '' : ratio.toFixed(ratio < 10 ? 3 : 1), against, goal, met === undefined ? '' : met ? 'met' : 'MISSED',
]
const heads = ['row', 'ours', 'peer', 'unit', 'ratio', 'against', 'goal', 'result']
const right = new Set([1, 2, 4])

export const print = (rows) => {
  const lines = [heads, ...rows.map(cells)]
  const widths = heads.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  return lines.map((line) => line.map((cell, i) => (right.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ').trimEnd()).join('\n')
}

const version = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

const markdown = (rows, { chromium, build, quick }) => {
  const line = (parts) => `| ${parts.map((part) => part.replaceAll('|', '\\|')).join(' | ')} |`
  const notes = rows.filter(({ note }) => note).map(({ name, note }) => `- ${name}: ${note}.`)
  const peers = ['fauna', 'convex', '@instantdb/core', 'graphql-request', 'graphql-ws', '@apollo/client', '@auth0/auth0-spa-js'].map((name) => `${name} ${version(name)}`)
  return `# Numbers

Written by \`npm run bench${quick ? ' -- --quick' : ''}\` on ${new Date().toISOString().slice(0, 10)}, on a machine with ${cpus().length} cores, in headless Chromium ${chromium}, with countersign build ${build}.
Beside us in the same run: ${peers.join(', ')}; bundled with esbuild ${version('esbuild')}.

${line(heads)}
| --- | ---: | ---: | --- | ---: | --- | --- | --- |
${rows.map((row) => line(cells(row))).join('\n')}

\`ratio\` says how many times better than the peer we are; for bytes and for the overhead it is ours divided by the peer's.

${notes.join('\n')}

## How this was measured

- All times are medians. The contenders take turns, round after round, in changing order, so that a slow moment of the machine hits all alike. Warm-up rounds are not counted.
- \`token cached\`: each contender awaits its own calls in a loop of its own. auth0-spa-js answers from its in-memory cache, filled as after a sign-in. That our provider was asked once in all is asserted.
- \`token concurrent misses\`: all callers ask before any has its answer. Both sides fetch the token from the same stub that answers at once; a call of the provider too many fails the row.
- \`provider calls\`: a simulated hour in which a token is read once a second; the clock, the timers and the network (120 ms) of both sides are simulated. The goal is 1.05 times 3,600 seconds divided by a token's life less its lead, rounded up. auth0-spa-js keeps no access token for its last 60 seconds. The same bound is a test (tests/package/calls.test.mjs).
- \`fetch overhead\`: same origin, kept-alive connection, from the call to the parsed body. The server refuses requests without a token. In a browser without a debugger, as users have it: for one, Chromium writes down the stack of every \`fetch\`, which takes as long as the request itself, and longer from a deeper stack.
- \`fauna\`: the whole document, from text to values. In each turn a contender runs several times in a row and the first is not counted: it clears up after whoever ran before. That both sides read and write the same is asserted.
- \`fauna stream\`: a server on the same machine writes as fast as it is read; both clients through \`fetch\`, with a secret. From the request to the last event, each with its values decoded; that all came, in order, is asserted.
- \`hasura next\`, \`hasura resubscribe\`: a server on the same machine that has its answers ready and writes them in one piece; both clients with a bearer token, which the server asks for. That every result came, once and in order, is asserted. \`without a socket\`: the same messages handed to the clients in a loop by a stand-in for WebSocket.
- \`hasura gap at expiry\`: the local Hasura of the tests with PGlite, which ends a connection when its token expires; somebody writes numbered rows, and each side has a live query (the last ten rows) and a stream, until each has lived through two expiries. Beside them listens a third client whose token does not expire. The gap is the longest time by which a side knew of a row, or of a later one, after the third client did; less than the time between two rows counts as none. Lost: rows that were in no result. Doubled: rows of the stream that came again, results of the live query with nothing new in them.
- \`hasura request\`: same origin, kept-alive connection, one request after the other in turn, from the call to the data; without a debugger, too. The goal is that of \`fetch overhead\`: graphql-request adds next to nothing to fetch.
- \`hasura live page bytes\`: as \`bytes\`, of the page with Clerk and Hasura with all that a live query loads; the doctor and the sentences of errors are not counted. The peers: their clients, bundled, without anything that gets tokens.
- \`fauna page bytes\`: what the browser asked for, each file compressed by itself with gzip -9, until a query was answered. The driver comes in one file, streams and all.
- \`bytes\`: production conditions, minified, split; each file compressed by itself with gzip -9. The page with all backends counts everything that it can load but the doctor; the page with Clerk and Hasura counts everything but the doctor and the sockets. \`eager\` is an entry, all its exports, with its static imports; *as imported*: \`Client\`, \`fql\`, \`FaunaError\` and \`TimeStub\`, as an application does. That a healthy page loads nothing that is not counted is checked in the browser.
- \`start\`: a fresh page each time, files from a server on the same machine, nothing cached. Ours: the page with all four backends, until the first token is there. The peers: their bundle loaded and evaluated, no client made.
- \`1,000,000 calls\`: 50,000 calls first, so that compiled code is not taken for a leak.
`
}

/** @param {import('./rows.mjs').Row[]} rows @param {{ chromium: string, build: string, quick: boolean }} about */
export const write = (rows, about) => {
  const round = (value) => (value === null ? null : +value.toPrecision(6))
  const json = rows.map(({ name, ours, peer, ratio, unit }) => ({ name, ours: round(ours), peer: round(peer), ratio: round(ratio), unit }))
  mkdirSync(join(root, 'target'), { recursive: true })
  mkdirSync(join(root, 'www/docs'), { recursive: true })
  writeFileSync(join(root, 'target/bench.json'), `${JSON.stringify(json, null, 2)}\n`)
  writeFileSync(join(root, 'www/docs/bench.md'), markdown(rows, about))
}
