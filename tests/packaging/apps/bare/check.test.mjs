// Node without a bundler: real calls through countersign/server, and a session that refuses.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { cores } from './shared/cores.js'
import { createSession, CountersignError } from 'countersign'
import { mountDevtools } from 'countersign/devtools'
import { GraphQLRequestError, HasuraClient } from 'countersign/hasura'
import { forRequest } from 'countersign/server'
import { fakeProvider, fakeToken } from 'countersign/testing'
import { buildId } from './node_modules/countersign/dist/build-id.js'

const api = process.env.PACKAGING_API

test('the package is the one just built', () => assert.equal(buildId, process.env.PACKAGING_ID))

test('one request on a server: its token, its fetch', async () => {
  const token = fakeToken({ sub: 'alice' })
  const request = forRequest({ getToken: async () => token, templates: { api: 'api' }, routes: [{ url: `${api}/data/`, template: 'api' }] })
  assert.equal(await request.getToken('api'), token)
  assert.equal((await (await request.fetch(`${api}/data/echo.json`)).json()).authorization, `Bearer ${token}`)
  const authorised = request.authFetch({ template: 'api', origins: [api] })
  assert.equal((await (await authorised(`${api}/data/echo.json`)).json()).authorization, `Bearer ${token}`)
  assert.equal(cores(), 1)
})

test('nothing is shared between two requests', async () => {
  const of = (sub) => forRequest({ getToken: async () => fakeToken({ sub }), templates: { api: 'api' } })
  const [alice, bob] = await Promise.all([of('alice').getToken('api'), of('bob').getToken('api')])
  const subject = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub
  assert.deepEqual([subject(alice), subject(bob)], ['alice', 'bob'])
})

test('a session refuses, in Next’s own words, and so does a client made with it', async () => {
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ templates: { api: 'api' } })
  session.connect(provider)
  const stop = session.on('identity', () => assert.fail('nothing starts on a server'))
  const refused = (error) => error instanceof CountersignError && error.code === 'on_server' && error.digest === 'BAILOUT_TO_CLIENT_SIDE_RENDERING'
  await assert.rejects(session.getToken('api'), refused)
  await assert.rejects(new HasuraClient({ session, template: 'api', endpoint: `${api}/graphql` }).request('{ authorization }'), refused)
  // A panel that is mounted in code which a server runs as well does nothing there.
  mountDevtools(session)()
  assert.deepEqual([session.status, session.peek('api'), provider.calls.length], ['unknown', null, 0])
  stop()
})

test('one error class in every entry', async () => {
  assert.equal(Object.getPrototypeOf(GraphQLRequestError), CountersignError)
  const { ConvexHttpClient } = await import('countersign/convex')
  await assert.rejects(new ConvexHttpClient(undefined).query('a:b', {}), CountersignError)
})

test('require() gives the same modules as import()', { skip: process.features.require_module ? false : 'this Node cannot require() a module' }, () => {
  const required = createRequire(import.meta.url)('countersign')
  assert.equal(required.CountersignError, CountersignError)
})
