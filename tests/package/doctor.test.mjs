// What a client is told about its backend (`issuer`, `audience`) reaches the doctor: in check(), and as the hint of a refused token.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import 'fake-indexeddb/auto'
import { api, entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { fakeToken } = await entry('testing')
const { Client, fql } = await entry('fauna')
const { HasuraClient } = await entry('hasura')
const { ConvexClient } = await entry('convex')
const { bridge, init } = await entry('instant')

const slash = /differ in the slash at the end/
const make = (t) => {
  // What each backend wants is in it, a signature of the right length too; wrong is only the slash at the end of the issuer, the classic of Auth0.
  const claims = { iss: 'https://issuer.test/', sub: 'u', aud: 'https://db.fauna.com/db/x', email: 'u@example.com', email_verified: true, 'https://hasura.io/jwt/claims': { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' } }
  const session = createSession({ name: name(), logger: false, getToken: () => fakeToken(claims).replace(/[^.]+$/, 'A'.repeat(342)) })
  t.after(() => session.dispose())
  return session
}
const wrong = { issuer: 'https://issuer.test', audience: 'https://db.fauna.com/db/x' }

const clients = {
  fauna: (session, endpoint, expect) => new Client({ session, template: 'x', endpoint, ...expect }),
  hasura: (session, endpoint, expect) => new HasuraClient({ session, template: 'x', endpoint, ...expect }),
  convex: (session, endpoint, expect) => new ConvexClient(endpoint, { session, template: 'x', ...expect }),
  instant: (session, endpoint, expect) => init({ session, template: 'x', clientName: 'clerk', appId: 'a', apiURI: endpoint, storage: 'memory', ...expect }),
  'instant bridge': (session, _, expect) => bridge({ auth: {} }, { session, template: 'x', clientName: 'clerk', ...expect }),
}

for (const [backend, client] of Object.entries(clients))
  test(`${backend}: check() compares the token with the issuer that the client names, slash and all`, async (t) => {
    const session = make(t)
    const codes = async (expect) => (await client(session, 'https://backend.test', expect).check()).filter((f) => f.code.startsWith('iss_')).map((f) => f.code)
    // Convex takes either spelling, and says so in its own documentation.
    assert.deepEqual(await codes(wrong), backend === 'convex' ? [] : ['iss_slash'])
    assert.deepEqual(await codes({ ...wrong, issuer: 'https://other.test/' }), ['iss_mismatch'])
    assert.deepEqual(await codes({ ...wrong, issuer: 'https://issuer.test/' }), [])
    assert.deepEqual(await codes({}), [], 'nothing is compared with nothing')
  })

test('the audience, too', async (t) => {
  const found = await clients.hasura(make(t), 'https://backend.test', { audience: 'another' }).check()
  assert.ok(found.some((f) => f.code === 'hasura_audience_mismatch'), JSON.stringify(found))
})

test('a refused token says it in the hint of its error', async (t) => {
  const session = make(t)
  const refusing = await api((request) => request.url === '/query/1' ? { status: 401, body: { error: { code: 'unauthorized', message: 'Access token required' } } } : { body: { errors: [{ message: 'Could not verify JWT: JWTNotInIssuer', extensions: { code: 'invalid-jwt', path: '$' } }] } })
  t.after(() => refusing.close())
  await assert.rejects(clients.hasura(session, `${refusing.url}/v1/graphql`, wrong).request('{ a }'), (e) => slash.test(e.hint))
  await assert.rejects(clients.fauna(session, refusing.url, wrong).query(fql`1`), (e) => slash.test(e.hint))
})
