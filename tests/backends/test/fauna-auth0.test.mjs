// Auth0's path of the Fauna tutorial, end to end: a machine's token, the official driver, our client with the token and with
// a session; then the two mistakes everybody makes, which Fauna answers with one and the same 401.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as driver from 'fauna'
import { dist } from '../../differential/dist.mjs'
import { FAUNA_AUDIENCE, HASURA_AUDIENCE } from '../accounts.mjs'
import { machineSession, machineToken, machineVisit } from '../fauna/auth0.mjs'
import { startFauna } from '../fauna/server.mjs'
import { startAuth0 } from '../issuer/auth0.mjs'

// A session is for pages; here the test plays one.
globalThis.window ??= /** @type {any} */ (globalThis)
const [ours, { createSession }] = await Promise.all([dist('fauna.js'), dist('index.js')])

let auth0, fauna, slashless
before(async () => {
  auth0 = await startAuth0()
  const { issuer, jwksUri, clientId } = auth0
  fauna = await startFauna({ issuers: { auth0: { issuer, jwksUri, clientId } } })
  slashless = await startFauna({ issuers: { auth0: { issuer: issuer.replace(/\/$/, ''), jwksUri, clientId } } })
})
after(() => Promise.all([auth0, fauna, slashless].map((server) => server.stop())))

/** Our client with the token itself, and with a session that gets it. */
async function clients(endpoint, options, { audience = FAUNA_AUDIENCE } = {}) {
  const secret = await machineToken(auth0.issuer, audience)
  const session = createSession({ ...machineSession(auth0.issuer), templates: { fauna: { audience } }, name: `${endpoint} ${audience}` })
  const list = { secret: new ours.Client({ endpoint, secret, ...options }), session: new ours.Client({ endpoint, session, template: 'fauna', ...options }) }
  return { secret, list, close: () => (Object.values(list).forEach((client) => client.close()), session.dispose()) }
}
const refusal = (client) => client.query(ours.fql`1`).then(() => assert.fail('let in'), (error) => error)

test('a machine is let in, looks at everything and changes nothing; whichever client it has, it finds the same', async () => {
  const { secret, list, close } = await clients(fauna.url, { audience: FAUNA_AUDIENCE, issuer: auth0.issuer })
  const official = new driver.Client({ endpoint: new URL(fauna.url), secret })
  const found = await machineVisit(official, driver.fql)
  assert.deepEqual(found, {
    sub: 'local-script@clients', grant: 'client-credentials', aud: FAUNA_AUDIENCE, identity: null, orders: 5,
    dearest: [{ item: 'Alice: a red bicycle', total: 890 }, { item: 'Bob: climbing rope', total: 210 }], more: 'string', denied: 'permission_denied',
  })
  for (const [how, client] of Object.entries(list)) {
    assert.deepEqual(await machineVisit(client, ours.fql), found, how)
    assert.ok((await client.check()).every(({ ok }) => ok), how)
  }
  official.close()
  close()
})

test('a token for another API: 401, and the sentence names the audience', async () => {
  await assert.rejects(machineToken(auth0.issuer, 'https://db.fauna.com/db/unknown'), /Service not enabled within domain/)
  const { list, close } = await clients(fauna.url, { audience: FAUNA_AUDIENCE, issuer: auth0.issuer }, { audience: HASURA_AUDIENCE })
  for (const [how, client] of Object.entries(list)) {
    const error = await refusal(client)
    assert.deepEqual([error.constructor.name, error.httpStatus], ['AuthenticationError', 401], how)
    assert.match(error.hint, /aud/, how)
    assert.match(error.hint, /https:\/\/db\.fauna\.com\/db\//, how)
  }
  close()
})

test('an access provider without the slash: 401, and the sentence names the slash', async () => {
  const { list, close } = await clients(slashless.url, { audience: FAUNA_AUDIENCE, issuer: auth0.issuer.replace(/\/$/, '') })
  for (const [how, client] of Object.entries(list)) {
    const error = await refusal(client)
    assert.deepEqual([error.constructor.name, error.httpStatus], ['AuthenticationError', 401], how)
    assert.match(error.hint, /they differ in the slash at the end\. Set .* slash and all \(Auth0's issuers end with one/, how)
  }
  close()
})
