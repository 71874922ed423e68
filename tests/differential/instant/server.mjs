// A scripted Instant: sessions it honours, texts it says, and a hand on each exchange.
import { randomUUID } from 'node:crypto'
import { stubFetch } from '../stub-session.mjs'

const claimsOf = (/** @type {string} */ token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())

/** @param {import('node:test').TestContext} t */
export const scriptedInstant = (t) => {
  /** @type {Map<string, string>} the refresh tokens it honours, by user */
  const live = new Map()
  const server = {
    live,
    /** @type {() => any} called before each exchange; what it returns is the answer instead */
    before: () => undefined,
    /** @type {(path: string) => any} the same for every request */
    answer: () => undefined,
    /** @type {() => any} the same for sign-outs */
    beforeSignOut: () => undefined,
    users: () => [...live.values()].sort(),
    issue(/** @type {string} */ sub) {
      const token = randomUUID()
      live.set(token, sub)
      return { id: `id-${sub}`, email: `${sub}@example.com`, refresh_token: token }
    },
    /** @type {any[]} */
    calls: [],
    exchanges: () => server.calls.filter((c) => c.url.endsWith('/id_token')),
  }
  const notFound = () => Response.json({ type: 'record-not-found', message: 'Record not found: app-user', hint: { 'record-type': 'app-user', args: [{ 'refresh-token': 'SECRET' }] } }, { status: 400 })
  server.calls = stubFetch(t, async ({ url, body, headers }) => {
    const path = new URL(url).pathname
    const instead = await server.answer(path)
    if (instead) return instead
    if (path === '/runtime/oauth/id_token') {
      const { sub } = claimsOf(body.id_token)
      return (await server.before()) ?? { user: server.issue(sub), created: true }
    }
    if (path === '/runtime/signout') {
      const instead = await server.beforeSignOut()
      if (instead) return instead
      live.delete(body.refresh_token)
      return {}
    }
    if (path === '/runtime/auth/sign_in_guest') return { user: { ...server.issue(`guest-${live.size}`), type: 'guest' } }
    if (path === '/runtime/auth/send_magic_code') return { sent: true }
    if (path === '/runtime/auth/verify_magic_code') return { user: { ...server.issue(body.email.split('@')[0]), type: 'user' }, created: true }
    if (path === '/runtime/oauth/token') {
      const user = { ...server.issue('code'), type: 'user' }
      return { user, created: true, refresh_token: user.refresh_token }
    }
    if (path === '/runtime/auth/verify_refresh_token') {
      const sub = live.get(body['refresh-token'])
      return sub ? { user: { id: `id-${sub}`, refresh_token: body['refresh-token'] } } : notFound()
    }
    const sub = live.get(headers.get('as-token') ?? '')
    if (!sub && headers.get('as-guest') !== 'true') return notFound()
    if (path === '/admin/query') return { todos: [{ id: '1', text: `of ${sub ?? 'guests'}` }] }
    return { 'tx-id': 7, steps: body.steps }
  })
  return server
}
