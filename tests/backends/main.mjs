// Runs the local issuers and backends until SIGTERM or SIGINT. Prints one line of JSON when all are ready.
//   node tests/backends/main.mjs [--port-base 4100] [--only fauna,hasura] [--page-origin http://127.0.0.1:3000 ...]
import { parseArgs } from 'node:util'
import { startAll } from './start.mjs'

const { values } = parseArgs({
  options: {
    'port-base': { type: 'string' },
    only: { type: 'string' },
    'page-origin': { type: 'string', multiple: true },
  },
})

const portBase = values['port-base'] === undefined ? undefined : Number(values['port-base'])
if (portBase !== undefined && !(Number.isInteger(portBase) && portBase >= 0 && portBase <= 65000)) {
  console.error('--port-base takes a port number, or 0 for free ports')
  process.exit(2)
}

const { urls, config, stop } = await startAll({
  portBase,
  only: values.only?.split(',').map((name) => name.trim()).filter(Boolean),
  pageOrigins: values['page-origin'],
})
console.log(JSON.stringify({ urls, config }))

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => stop().then(() => process.exit(0)))
}
