// Everything of the package that is loaded late, loaded now: reading a file takes real time, for which a virtual clock does not wait.
import { readdirSync } from 'node:fs'
import { entry, name } from '../../package/world.mjs'

const core = new URL('../../../pkg/dist/core/', import.meta.url)
for (const file of readdirSync(core)) if (file.endsWith('.js')) await entry(`core/${file.slice(0, -'.js'.length)}`)
const { createSession } = await entry('index')
// The WebAssembly is compiled with the first session.
const session = createSession({ name: name(), logger: false, getToken: () => null })
await session.getToken()
session.dispose()
