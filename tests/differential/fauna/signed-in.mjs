// Sessions whose user changes within a turn. Their tokens are signed by nobody: no server here looks at them.
import { dist } from '../dist.mjs'

// Where there is a window a session may start.
globalThis.window ??= globalThis
const { createSession } = await dist('index.js')
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
let made = 0

/** Whose token that is. @param {string} authorization */
export const subOf = (authorization) => JSON.parse(Buffer.from(authorization.split('.')[1], 'base64url')).sub

/** Somebody signed in. `become`: another user, `null` for nobody, `undefined` for not known. @param {import('node:test').TestContext} t */
export const signedIn = async (t, user = 'alice') => {
  let report
  let who = user
  const session = createSession({
    name: `signed in ${++made}`, templates: { fauna: 'fauna' }, logger: false,
    watch: (tell) => ((report = tell), tell({ user: who }), () => {}),
    getToken: async () => who && `${encode({ alg: 'RS256' })}.${encode({ sub: who, exp: Math.floor(Date.now() / 1000) + 3600, jti: ++made })}.c2ln`,
  })
  t.after(() => session.dispose())
  await session.getToken('fauna')
  return { session, become: (next) => report(next === undefined ? undefined : (who = next) && { user: next }) }
}
