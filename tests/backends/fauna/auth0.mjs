// Auth0's path of the Fauna tutorial, from a script: the audience of the database is an API of the tenant, a machine gets a
// token for it with `client_credentials`, and Fauna reads the token by an access provider whose issuer ends in a slash.
//   node tests/backends/fauna/auth0.mjs   runs it on local servers, with our client, and prints what it found
import { pathToFileURL } from 'node:url'
import { AUTH0_SCRIPT, FAUNA_AUDIENCE } from '../accounts.mjs'

/** The `client_credentials` grant. @param {string} issuer with its slash @param {string} audience @returns {Promise<string>} */
export async function machineToken(issuer, audience) {
  const { clientId: client_id, clientSecret: client_secret } = AUTH0_SCRIPT
  const response = await fetch(`${issuer}oauth/token`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret, audience }),
  })
  const { access_token, error, error_description } = await response.json()
  if (!access_token) throw new Error(`no token for ${audience}: ${error}: ${error_description}`)
  return access_token
}

/** The options of a session whose tokens are the machine's. @param {string} issuer */
export const machineSession = (issuer) => ({
  templates: { fauna: { audience: FAUNA_AUDIENCE } },
  getToken: (/** @type {{ audience?: string }} */ { audience }) => machineToken(issuer, audience ?? FAUNA_AUDIENCE),
  logger: /** @type {const} */ (false),
})

/** What a machine may do: look at every order, change none. @param {any} client @param {any} fql of the same driver */
export async function machineVisit(client, fql) {
  const { data } = await client.query(fql`{ let who = Query.token()!
    { sub: who.sub, grant: who.gty, aud: who.aud, identity: Query.identity(), orders: Order.all().count() } }`)
  const page = await client.query(fql`Order.where(.total > 100).order(desc(.total)).pageSize(2) { item, total }`)
  const denied = await client.query(fql`Order.create({ owner: "alice", item: "x", total: 1 })`).catch((/** @type {any} */ error) => error.code)
  return { ...data, dearest: page.data.data, more: typeof page.data.after, denied }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // A session is for pages; here the script plays one.
  globalThis.window ??= /** @type {any} */ (globalThis)
  const [{ startAll }, { dist }] = await Promise.all([import('../start.mjs'), import('../../differential/dist.mjs')])
  const [{ Client, fql }, { createSession }] = await Promise.all([dist('fauna.js'), dist('index.js')])
  const { urls, config, stop } = await startAll({ portBase: 0, only: ['fauna'] })
  const { issuer } = config.issuers.auth0
  const session = createSession(machineSession(issuer))
  try {
    const settings = { endpoint: urls.fauna, audience: FAUNA_AUDIENCE, issuer }
    console.log('with the token as a secret', await machineVisit(new Client({ ...settings, secret: await machineToken(issuer, FAUNA_AUDIENCE) }), fql))
    console.log('with a session', await machineVisit(new Client({ ...settings, session, template: 'fauna' }), fql))
  } finally {
    session.dispose()
    await stop()
  }
}
