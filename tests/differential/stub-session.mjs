// A session without a token manager: what a backend's client sees of one, and nothing behind it. The real one has its own tests.
import { dist } from './dist.mjs'

export { until } from './until.mjs'

const { CountersignError } = await dist('errors.js')
const { door } = await dist('internal.js')

const encode = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An unsigned token. @param {Record<string, unknown>} claims */
export const fakeJwt = (claims) => `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}.c2lnbmF0dXJl`

/**
 * @param {{ key?: string | null, hint?: string }} [options] `key`: the identity; undefined is not known yet
 */
export const stubSession = ({ key, hint = 'the doctor says' } = {}) => {
  /** @type {Set<[string, (event: any) => void]>} */
  const listeners = new Set()
  let count = 0
  let generation = 0
  /** @type {any} */
  const session = {
    identityKey: key,
    status: 'signedIn',
    /** What getToken does next; replaced by tests. @type {(options: { force?: boolean }) => Promise<string | null>} */
    provide: async () => (session.identityKey === null ? null : fakeJwt({ iss: 'https://issuer.test', sub: session.identityKey, n: ++count })),
    /** @type {string | null} */
    last: null,
    calls: [],
    async getToken(_template, options = {}) {
      session.calls.push(options)
      while (session.identityKey === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
      const token = await session.provide(options)
      session.last = token
      return token
    },
    peek: () => session.last,
    inspect: () => {
      const claims = session.last ? JSON.parse(Buffer.from(session.last.split('.')[1], 'base64url').toString()) : {}
      return { tokens: { instant: { claims, expiresAt: Date.now() + 60_000 } } }
    },
    on(type, listener) {
      const entry = /** @type {[string, (event: any) => void]} */ ([type, listener])
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
    emit(type, event = {}) {
      for (const [of, listener] of [...listeners]) if (of === type) queueMicrotask(() => listener({ type, ...event }))
    },
    listeners: () => listeners.size,
    become(next) {
      if (session.identityKey !== undefined && next !== session.identityKey) generation++
      session.identityKey = next
      session.emit('identity', { key: next })
    },
    specs: [],
    [door]: (spec) => {
      session.specs.push(spec)
      return {
        async fetch(input, init = {}) {
          const mine = generation
          const changed = () => new CountersignError('identity_changed', 'the user changed')
          spec.endpoint()
          const token = spec.bare ? null : await session.getToken(spec.template)
          if (!spec.bare && token === null && !spec.anonymous) throw new CountersignError('signed_out', 'nobody is signed in')
          if (mine !== generation) throw changed()
          const headers = new Headers(init.headers)
          if (token) headers.set('authorization', `Bearer ${token}`)
          const response = await globalThis.fetch(input, { ...init, headers })
          if (mine !== generation) throw changed()
          return response
        },
        explain: async () => ({ hint }),
        check: async () => [{ ok: true, code: 'stub', message: 'looked at' }],
      }
    },
  }
  return session
}

/** Replaces fetch for the length of a test; `answer` gets what was asked. @param {import('node:test').TestContext} t @param {(call: any) => any} answer */
export const stubFetch = (t, answer) => {
  const before = globalThis.fetch
  /** @type {any[]} */
  const calls = []
  globalThis.fetch = /** @type {any} */ (async (input, init = {}) => {
    const call = { url: String(input), init, headers: new Headers(init.headers), body: init.body ? await new Response(init.body).json() : undefined }
    calls.push(call)
    const result = await answer(call)
    return result instanceof Response ? result : Response.json(result)
  })
  t.after(() => {
    globalThis.fetch = before
  })
  return calls
}
