// What tests of applications put in the way: their stubs of `fetch`, and their spies on the client.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driver, lib, outcome } from './compare.mjs'
import { stub } from './stub.mjs'

const { Client, fql } = lib
const endpoint = new URL('https://fauna.example/base')

/** Runs with this in place of `fetch`. */
const stubbed = async (fetch, run) => {
  const real = globalThis.fetch
  globalThis.fetch = fetch
  try {
    return await run()
  } finally {
    globalThis.fetch = real
  }
}
const clients = () => [new Client({ secret: 's', endpoint }), new driver.Client({ secret: 's', endpoint }, new driver.FetchClient({ url: endpoint.href, fetch_keepalive: false }))]

test('a stub of fetch is given the address as text', async () => {
  for (const client of clients()) {
    const l = client instanceof Client ? lib : driver
    const matching = async (url) => (url === 'https://fauna.example/query/1' && url.endsWith('/query/1') ? Response.json({ data: 1 }) : new Response('', { status: 404 }))
    assert.equal((await stubbed(matching, () => client.query(l.fql`1`))).data, 1)
  }
  const seen = []
  const session = {
    on: () => () => {},
    [lib.door]: () => ({ fetch: async (url) => (seen.push(url), Response.json({ data: 1 })) }),
  }
  await new Client({ session, template: 'fauna', endpoint }).query(fql`1`)
  assert.deepEqual(seen, ['https://fauna.example/query/1'])
})

test('a stub of fetch may answer with no more than the driver reads', async () => {
  const answer = async () => ({ status: 200, headers: new Headers(), text: async () => '{"data":{"@int":"5"}}' })
  for (const client of clients()) assert.equal((await stubbed(answer, () => client.query((client instanceof Client ? lib : driver).fql`1`))).data, 5)
})

test('a spy on the prototype, and one on the client, is called by clients that were there before, also unbound and by a subclass', async () => {
  for (const l of [lib, driver]) {
    class Ours extends l.Client {}
    for (const Class of [l.Client, Ours]) {
      const client = new Class({ secret: 's', endpoint })
      const real = l.Client.prototype.query
      l.Client.prototype.query = async function (query) {
        assert.equal(this, client)
        return { data: query }
      }
      try {
        assert.equal((await client.query('asked')).data, 'asked')
        if (l === lib) {
          const { query } = client
          assert.equal((await query('asked')).data, 'asked')
        }
        const pages = client.paginate(l.fql`x`)
        assert.ok((await pages.next()).value)
      } finally {
        l.Client.prototype.query = real
      }
      client.query = async () => ({ data: 'own' })
      assert.equal((await client.query()).data, 'own')
    }
  }
})

test('a query of npm fauna in a template of ours is a query', async () => {
  const server = await stub(() => ({ json: { data: 1 } }))
  const client = new Client({ secret: 's', endpoint: server.url })
  const theirs = driver.fql`Order.byId(${'1'})`
  await client.query(fql`let x = ${theirs} x`)
  assert.deepEqual(server.log[0].body.query, { fql: ['let x = ', theirs.encode(), ' x'] })
  const { error } = await outcome(() => client.query(fql`x`, { arguments: { theirs } }))
  assert.ok(error instanceof TypeError && /at arguments\.theirs/.test(error.message))
  await server.stop()
})
