// What every recipe has to do, whatever the library: said once, run for each.
import assert from 'node:assert/strict'
import { virtualClock } from './clock.mjs'
import { claimsOf, signer } from './signer.mjs'

export const API = 'https://api.test'
// Some libraries take hold of `fetch` when they are loaded.
const { fetch: real } = globalThis
/** @type {typeof fetch} */
let current = real
globalThis.fetch = (...args) => current(...args)

/** @typedef {{ url: URL, method: string, form: URLSearchParams, json: () => any, headers: Headers }} Asked */

/**
 * A virtual clock, a backend that verifies what it receives, and the vendor's endpoints.
 * @param {(asked: Asked, world: any) => Promise<Response | undefined> | Response | undefined} endpoints
 */
export const recipeWorld = (endpoints) => {
  /** @type {ReturnType<typeof signer> | undefined} */
  let signs
  const clock = virtualClock({ busy: () => !!signs?.busy() })
  signs = signer(clock.server)
  /** @type {Promise<void> | undefined} */
  let gate
  const world = {
    clock, ...signs,
    /** Subjects of the tokens that the backend took. @type {string[]} */
    received: [],
    /** @type {Set<string>} */
    tokens: new Set(),
    expired: 0,
    /** Vendor's requests that brought a token. */
    asked: 0,
    /** What the vendor is asked during `work` is answered when what this returns is called. @param {() => Promise<unknown>} work @returns {Promise<() => void>} */
    async hold(work) {
      let open = () => {}
      gate = new Promise((done) => (open = () => done(undefined)))
      await work()
      gate = undefined
      return open
    },
    end() {
      current = real
      clock.restore()
    },
  }
  current = async (input, init) => {
    const request = new Request(new URL(String(input instanceof Request ? input.url : input), 'https://app.test'), input instanceof Request ? input : init)
    if (request.url.startsWith(API)) {
      const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
      if (!(await signs.accepts(token))) return world.expired++, new Response('{}', { status: 401 })
      world.received.push(claimsOf(token).sub.replace('user_', ''))
      world.tokens.add(token)
      return Response.json({})
    }
    const text = await request.clone().text()
    const held = gate
    const answer = await endpoints({ url: new URL(request.url), method: request.method, headers: request.headers, form: new URLSearchParams(text), json: () => JSON.parse(text) }, world)
    if (!answer) throw new Error(`nobody answers ${request.method} ${request.url}`)
    await held
    return answer
  }
  return world
}

/**
 * A token arrives on a request, is renewed at its end, and when it is forced; another user fences what is under way; a sign-out ends it.
 * @param {object} of
 * @param {any} of.world
 * @param {any} of.session
 * @param {number} of.lifeS
 * @param {(person: string) => Promise<unknown>} of.signIn   replaces who is signed in
 * @param {(work: () => Promise<unknown>) => Promise<() => void>} [of.hold]   keeps back what the library is answered during `work`
 * @param {boolean} [of.keepsLate]   the library stores the renewed token of one whom another has replaced
 * @param {() => unknown} [of.revoke]   from now on nobody gets another token without signing in
 * @param {() => unknown} [of.left]   what the library itself says of who is signed in, after the sign-out
 */
export const behaves = (of) => script(of).finally(() => of.session.dispose())

const script = async ({ world, session, lifeS, signIn, hold = world.hold, keepsLate = false, left, revoke }) => {
  const { clock } = world
  const send = session.authFetch({ template: 'api', origins: [API] })
  // Called from inside the library's own callbacks.
  let inside = 0
  const stop = session.on('identity', ({ key }) => {
    if (key) session.getToken('api').then(() => inside++, () => inside++)
  })

  await clock.through(signIn('alice'))
  assert.equal((await clock.through(send(API))).status, 200)
  assert.deepEqual(world.received, ['alice'])
  assert.equal(inside, 1, 'a call from inside the callback is answered')

  const first = await clock.through(session.getToken('api'))
  for (let part = 0; part < 30; part++) {
    await clock.advance((lifeS * 1000) / 20)
    await clock.through(send(API))
  }
  assert.equal(world.expired, 0)
  assert.equal(world.tokens.size, 2, 'renewed once in one and a half lives')
  assert.notEqual(await session.getToken('api'), first)

  const before = await session.getToken('api')
  assert.notEqual(await clock.through(session.getToken('api', { force: true })), before)

  world.received.length = 0
  let came = ''
  const open = await hold(async () => {
    session.invalidate('api')
    send(API).then(() => (came = 'sent'), (error) => (came = error.code))
    await clock.settle()
  })
  await clock.through(signIn('bob'))
  await clock.settle()
  assert.equal(came, 'identity_changed')
  await clock.through(send(API))
  open()
  await clock.settle()
  await clock.through(send(API))
  // The library is believed: some store what comes late, whoever has signed in meanwhile.
  assert.deepEqual(world.received, ['bob', keepsLate ? 'alice' : 'bob'])

  const answer = await hold(async () => {
    session.invalidate('api')
    session.getToken('api').then(() => (came = 'got'), (error) => (came = error.code))
    await clock.settle()
  })
  came = ''
  const out = session.signOut()
  await clock.settle()
  assert.equal(came, 'identity_changed')
  answer()
  await clock.through(out)
  await clock.settle()
  assert.equal(session.status, 'anonymous', 'and what came late brings nobody back')
  assert.equal(await session.getToken('api'), null)
  assert.equal(session.peek('api'), null)
  if (left) assert.equal((await left()) ?? null, null)

  if (revoke) {
    await clock.through(signIn('alice'))
    assert.equal((await clock.through(send(API))).status, 200)
    revoke()
    // Some libraries sign out by themselves before they say why.
    const forced = await clock.through(session.getToken('api', { force: true }).catch((error) => error.code))
    assert.ok(forced === null || forced === 'identity_changed', `${forced}`)
    await session.signOut()
  }
  stop()
}
