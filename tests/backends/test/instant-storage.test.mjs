// Files of the local Instant, through the official client's own functions and by hand.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
beforeEach(async () => { place = await startPlace() })
afterEach(() => place.stop())

const BYTES = new Uint8Array([0, 255, 254, 128, 10])
const upload = async (/** @type {any} */ user, /** @type {string} */ path, body = BYTES) => {
  const response = await fetch(`${place.instant.url}/storage/upload`, { method: 'PUT', body, headers: { 'app-id': APP, app_id: APP, path, 'content-type': 'image/x-dot', 'content-disposition': 'inline', ...(user && { authorization: `Bearer ${user.refresh_token}` }) } })
  return { status: response.status, json: await response.json() }
}
const remove = async (/** @type {any} */ user, /** @type {string} */ path) => {
  const response = await fetch(`${place.instant.url}/storage/files?app_id=${APP}&filename=${encodeURIComponent(path)}`, { method: 'DELETE', headers: { authorization: `Bearer ${user?.refresh_token}` } })
  return { status: response.status, json: await response.json() }
}
const files = async (/** @type {any} */ user) => (await place.ask(user, { $files: {} })).$files

test('put, listed live, read, replaced, deleted', async () => {
  const alice = await place.signIn()
  const path = `${alice.id}/a dot.bin`
  const session = await place.session(alice)
  await session.ask({ op: 'add-query', q: { $files: {} }, 'return-type': 'tree' })
  const { json } = await upload(alice, path)
  const [file] = await files(alice)
  assert.deepEqual([file.id, file.path, file.size, file['content-type']], [json.data.id, path, 5, 'image/x-dot'])
  assert.equal((await session.frame((f) => f.op === 'refresh-ok')).computations[0]['instaql-result'].$files[0].url, file.url)
  const read = await fetch(file.url)
  assert.deepEqual([read.headers.get('content-type'), read.headers.get('content-disposition'), new Uint8Array(await read.arrayBuffer())], ['image/x-dot', 'inline', BYTES])
  assert.equal((await upload(alice, path, new Uint8Array([7]))).json.data.id, file.id)
  assert.equal((await fetch(file.url)).status, 404)
  const [replaced] = await files(alice)
  assert.deepEqual(new Uint8Array(await (await fetch(replaced.url)).arrayBuffer()), new Uint8Array([7]))
  assert.deepEqual((await remove(alice, path)).json, { data: { id: file.id } })
  assert.deepEqual((await remove(alice, path)).json, { data: { id: null } })
  assert.deepEqual([await files(alice), (await fetch(replaced.url)).status], [[], 404])
})

test('only in one’s own folder, and with a token that lives', async () => {
  const [alice, bob] = [await place.signIn(), await place.signIn('bob')]
  const path = `${alice.id}/mine`
  await upload(alice, path)
  for (const [user, action] of /** @type {[any, string][]} */ ([[bob, 'update'], [undefined, 'update']])) assert.deepEqual((await upload(user, path)).json.hint, { input: ['$files', action], expected: 'perms-pass?' })
  assert.deepEqual((await upload(bob, 'elsewhere')).json.hint.input, ['$files', 'create'])
  assert.deepEqual((await remove(bob, path)).json.hint.input, ['$files', 'delete'])
  assert.deepEqual([(await files(bob)).length, (await files(alice)).length], [0, 1])
  // The official client sends this when nobody is signed in.
  assert.equal((await remove(undefined, path)).json.type, 'record-not-found')
  assert.equal((await place.change(alice, ['create', '$files', crypto.randomUUID(), { path: `${alice.id}/x` }])).json.type, 'permission-denied')
  place.instant.turn({ readOnly: true })
  assert.deepEqual([(await upload(alice, path)).json.type, (await remove(alice, path)).json.type], ['app-read-only', 'app-read-only'])
})
