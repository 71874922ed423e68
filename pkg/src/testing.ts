import type { Identity, Provider } from './types.js'

const base64url = (value: unknown): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

let made = 0

/** A JWT-shaped token that nobody signed. `exp` is 60 s after `Date.now()` unless the claims say otherwise; each one is different. */
export const fakeToken = (claims: Record<string, unknown> = {}): string => {
  const now = Math.floor(Date.now() / 1000)
  const payload = { iss: 'https://fake.test', sub: 'user', iat: now, exp: now + 60, jti: `fake-${++made}`, ...claims }
  return `${base64url({ alg: 'RS256', typ: 'JWT', kid: 'fake' })}.${base64url(payload)}.${base64url('unsigned')}`
}

/** A provider that a test drives. `session.connect(fakeProvider())` on the app's own session: no module mocks, the real core. */
export interface FakeProvider extends Provider {
  signIn(user: string, claims?: Record<string, unknown>): void
  signOut(): void
  /** As while the auth library loads: not known who is signed in. */
  loading(): void
  /** The next call rejects with this. */
  failNext(error: unknown): void
  /** Every call of `getToken` so far. */
  readonly calls: readonly { template?: string; force: boolean }[]
}

/** Signed in as `user` (default `'user'`; `null`: signed out). `lifetimeS`: of its tokens, in seconds, default 60. */
export const fakeProvider = (options: { user?: string | null; claims?: Record<string, unknown>; lifetimeS?: number } = {}): FakeProvider => {
  const { lifetimeS = 60 } = options
  let user: string | null | undefined = options.user === undefined ? 'user' : options.user
  let claims = options.claims
  const failures: unknown[] = []
  const calls: { template?: string; force: boolean }[] = []
  const reports = new Set<(identity: Identity | null | undefined) => void>()
  const identity = () => (user ? { user } : (user as null | undefined))
  const tell = () => reports.forEach((report) => report(identity()))
  return {
    comparable: true,
    calls,
    async getToken({ template, force }) {
      calls.push(template === undefined ? { force } : { template, force })
      if (failures.length) throw failures.shift()
      if (!user) return null
      const now = Math.floor(Date.now() / 1000)
      return fakeToken({ sub: user, iat: now, exp: now + lifetimeS, ...(template !== undefined && { template }), ...claims })
    },
    watch(report) {
      reports.add(report)
      report(identity())
      return () => void reports.delete(report)
    },
    signIn(next, nextClaims) {
      user = next
      claims = nextClaims ?? options.claims
      tell()
    },
    signOut() {
      user = null
      tell()
    },
    loading() {
      user = undefined
      tell()
    },
    failNext: (error) => void failures.push(error),
  }
}
