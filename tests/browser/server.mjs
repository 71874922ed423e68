// The pages, and for each test an issuer and an API of its own, which remember who asked for what.
import { createServer } from 'node:http'

const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claimsOf = (/** @type {string | undefined} */ authorization) => JSON.parse(Buffer.from(authorization?.split('.')[1] ?? 'bnVsbA', 'base64url').toString())

/** @typedef {{ at: number, tab: string, template: string, force: boolean }} Asked */
/** @typedef {{ at: number, tab: string, sub?: string, jti?: string, template?: string, status: number }} Seen */

/** One app: who is signed in at its issuer, and what its servers saw. `at` is the test's clock. */
class App {
  /** @type {string | null} */
  user = 'alice'
  /** Of the tokens, in seconds. */
  life = 3600
  /** Whether the API refuses a token. @type {(claims: any) => boolean} */
  refuses = () => false
  /** What an answer of the API waits for. @type {(tab: string) => Promise<unknown> | undefined} */
  holds = () => undefined
  /** Calls of the issuer. @type {Asked[]} */
  asked = []
  /** Requests that reached the API. @type {Seen[]} */
  seen = []

  constructor(/** @type {string} */ name, /** @type {string} */ origin) {
    this.name = name
    this.page = `${origin}/page/${name}`
    this.made = 0
  }

  /** The API's requests of one tab. @param {string} tab */
  of(tab) {
    return this.seen.filter((request) => request.tab === tab)
  }

  token({ tab, template, force }) {
    this.asked.push({ at: performance.now(), tab, template, force })
    if (this.user === null) return null
    // The page's clock, which may be another: it says what time it is with each call.
    const iat = Math.floor(Date.now() / 1000)
    return `${part({ alg: 'RS256', typ: 'JWT', kid: 'k' })}.${part({ sub: this.user, iat, exp: iat + this.life, template, jti: `${template}-${++this.made}` })}.${part('signature')}`
  }

  answer(/** @type {string} */ tab, /** @type {string | undefined} */ authorization) {
    const claims = claimsOf(authorization)
    const status = claims && !this.refuses(claims) ? 200 : 401
    this.seen.push({ at: performance.now(), tab, sub: claims?.sub, jti: claims?.jti, template: claims?.template, status })
    return status
  }
}

/** @param {Map<string, Uint8Array>} files  by path */
export const serve = async (files) => {
  /** @type {Map<string, App>} */
  const apps = new Map()
  const server = createServer(async (request, response) => {
    const [, kind, name, what] = (request.url ?? '').split(/[/?]/)
    const { searchParams } = new URL(request.url ?? '', 'http://test')
    const tab = searchParams.get('tab') ?? ''
    let body = ''
    for await (const chunk of request) body += chunk
    const answer = (/** @type {number} */ status, /** @type {unknown} */ value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const app = apps.get(name)
    // No `no-store`: such a page may not be put aside.
    if (kind === 'page') return void response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><link rel="icon" href="data:,"><title>${name}</title><script type="module" src="/tab.js"></script>`)
    if (kind === 'app' && app && what === 'token') return void answer(200, app.token({ tab, ...JSON.parse(body) }))
    if (kind === 'app' && app) {
      const status = app.answer(tab, request.headers.authorization)
      await app.holds(tab)
      return void answer(status, { jti: app.seen.at(-1)?.jti })
    }
    // The same files under another address are another copy of the package.
    const file = files.get(`/${kind === 'copy' ? name : kind}`)
    return void (file ? response.writeHead(200, { 'content-type': 'text/javascript', 'service-worker-allowed': '/' }).end(file) : response.writeHead(404).end())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const origin = `http://127.0.0.1:${port}`
  return {
    origin,
    app() {
      const app = new App(`app${apps.size + 1}`, origin)
      apps.set(app.name, app)
      return app
    },
    stop: () => new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    }),
  }
}
