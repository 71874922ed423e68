// What clients do over HTTP that is not one operation in one request, and what graphql-request does with asynchronous headers.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as apollo4 from '@apollo/client'
import { BatchHttpLink } from '@apollo/client/link/batch-http'
import * as apollo3 from 'apollo-client-3/core/index.js'
import { BatchHttpLink as BatchHttpLink3 } from 'apollo-client-3/link/batch-http/index.js'
import { GraphQLClient } from 'graphql-request'
import gql from 'graphql-tag'
import { bodies, LIST, LIVE } from './clients/documents.mjs'
import { until } from '../place.mjs'
import { serve } from './page.mjs'
import { recipe } from './recipe.mjs'

const shared = serve()
const query = gql(LIST)
const batched = {
  'Apollo Client 4': { lib: apollo4, link: async (/** @type {any} */ page) => (await recipe('apollo-batch.ts', page)).batch, original: (/** @type {any} */ error) => error.result, Link: BatchHttpLink },
  'Apollo Client 3': { lib: apollo3, link: async (/** @type {any} */ page) => (await recipe('apollo-batch.ts', page, 3)).batch, original: (/** @type {any} */ error) => error.networkError.result, Link: BatchHttpLink3 },
}

for (const [name, { lib, link, original, Link }] of Object.entries(batched)) {
  const open = async (/** @type {import('node:test').TestContext} */ t, options = {}) => {
    const page = shared.page(t, 'user_alice', options)
    const batch = await link(page)
    assert.ok(batch instanceof Link)
    const apollo = new /** @type {any} */ (lib).ApolloClient({ cache: new lib.InMemoryCache(), link: batch })
    const began = shared.place.hasura.log.at(-1)
    const requests = () => shared.place.hasura.log.slice(began ? shared.place.hasura.log.lastIndexOf(began) + 1 : 0).length
    const list = (/** @type {string} */ room) => apollo.query({ query, variables: { room }, fetchPolicy: 'network-only' }).then((/** @type {any} */ { data }) => bodies(data))
    return { ...page, list, requests }
  }

  test(`${name}, batch: a token refused for the whole batch is renewed, and the batch is sent again as it was`, async (t) => {
    const { list, room, account, requests } = await open(t)
    await shared.write(room, 'user_alice', 'one')
    shared.place.hasura.knobs.rejectNext = 1
    assert.deepEqual(await Promise.all([list(room), list(`${room} b`), list(`${room} c`)]), [['one'], [], []])
    assert.deepEqual([requests(), account.calls.length], [2, 2])
  })

  test(`${name}, batch: what no token cures is one object for all, and Apollo complains of its length; Hasura's words are beside it`, async (t) => {
    const { list, room, requests } = await open(t, { role: 'root' })
    const errors = await Promise.all([room, `${room} b`].map((each) => list(each).then(assert.fail, (/** @type {any} */ error) => error)))
    for (const error of errors) {
      assert.match(error.message, /results with length 1, expected length of 2/)
      assert.equal(original(error)[0].errors[0].extensions.code, 'access-denied')
    }
    assert.equal(requests(), 1)
    // Alone in its batch, it is told as it is.
    const alone = await list(room).then(assert.fail, (/** @type {any} */ error) => error)
    assert.match(alone.message, /not in allowed roles/)
  })
}

test('graphql-request: asynchronous headers are sent by nobody; with our fetch there is nothing to get wrong', async (t) => {
  const page = shared.page(t)
  await shared.write(page.room, 'user_alice', 'mine')
  // In a process of its own: the test runner marks promises, and `new Headers(promise)` throws then.
  const trap = `import { GraphQLClient } from 'graphql-request'
    const headers = async () => ({ authorization: 'Bearer ' + ${JSON.stringify(await page.session.getToken('hasura'))} })
    await new GraphQLClient('${shared.place.endpoint}', { headers }).request('{ messages { id } }').catch((error) => console.log(error.response.errors[0].message))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', trap], { cwd: fileURLToPath(new URL('.', import.meta.url)) })
  assert.match(stdout, /Missing 'Authorization'/)
  const { client } = await recipe('graphql-request.ts', page)
  assert.deepEqual(bodies(await client.request(LIST, { room: page.room })), ['mine'])
})

test('headers(): for whoever sends by themselves', async (t) => {
  const { hasura, room, become } = shared.page(t, 'user_alice', { role: 'editor' })
  await shared.write(room, 'user_bob', 'of Bob')
  const post = async () => (await fetch(shared.place.endpoint, { method: 'POST', headers: await hasura.headers(), body: JSON.stringify({ query: LIST, variables: { room } }) })).json()
  assert.deepEqual(bodies((await post()).data), ['of Bob'])
  await become(null)
  assert.deepEqual(await hasura.headers(), {})
})

for (const where of ['in a page', 'on a server']) test(`importing the recipes, and making every client, asks nobody and opens nothing ${where}`, async (t) => {
  const [page, other] = [shared.page(t), shared.page(t, 'user_bob')]
  await other.session.getToken('hasura')
  if (where === 'on a server') delete (/** @type {any} */ (globalThis).window)
  t.after(() => (/** @type {any} */ (globalThis).window = globalThis))
  const [opened, asked] = [new Set(shared.place.hasura.sockets), new Set(shared.place.hasura.log)]
  for (const file of ['apollo.ts', 'apollo-3.ts', 'apollo-batch.ts', 'urql.ts', 'graphql-request.ts', 'swr.ts', 'relay.ts', 'graphql-ws.ts']) await recipe(file, page)
  // What begins now has the longest way to go, a socket and a request: when it is done, they would have been asked for as well.
  const { sink, values } = shared.place.sink()
  t.after(other.hasura.live(LIVE, { room: other.room }).subscribe(sink))
  await until(() => values().length)
  await other.hasura.request(LIST, { room: other.room })
  assert.equal(page.account.calls.length, 0)
  assert.deepEqual(shared.place.hasura.sockets.filter((each) => !opened.has(each)).map(({ sub }) => sub), ['user_bob'])
  assert.deepEqual(shared.place.hasura.log.filter((each) => !asked.has(each) && each.method !== 'SOCKET').map(({ sub }) => sub), ['user_bob'])
})
