// Users, their links to identity providers, and the refresh tokens: the state of one app's authentication.
import { randomInt, randomUUID } from 'node:crypto'
import { expired, notFound, rateLimited } from './errors.mjs'

/** @typedef {{ id: string, email: string | null, type: 'user' | 'guest', imageURL?: string, created_at: string, linkedPrimaryUser?: string, [extra: string]: any }} User */

const CODE_LIFETIME = 24 * 3_600_000
const HOUR = 3_600_000

/**
 * @param {string} appId
 * @param {{ changed?: () => void, codesPerHour?: () => number }} [options] `changed`: called when a user was made or written to
 */
export function createUsers(appId, { changed = () => {}, codesPerHour = () => 20 } = {}) {
  /** @type {Map<string, User>} */
  const users = new Map()
  /** @type {Map<string, string>} token to user id */
  const tokens = new Map()
  /** @type {{ provider: string, sub: string, userId: string }[]} */
  const links = []
  /** @type {Map<string, { code: string, at: number }>} */
  const codes = new Map()
  /** @type {Map<string, number[]>} */
  const attempts = new Map()

  const byEmail = (/** @type {string | undefined} */ email) => [...users.values()].find((user) => email !== undefined && user.email === email)

  /** @param {Partial<User>} fields @returns {User} */
  function create(fields) {
    const user = { id: randomUUID(), email: null, type: /** @type {const} */ ('user'), created_at: new Date().toISOString(), ...fields }
    users.set(user.id, user)
    changed()
    return user
  }

  /** @param {User} user */
  function issueToken(user) {
    const token = randomUUID()
    tokens.set(token, user.id)
    return token
  }

  /** A guest who signs in: becomes the new user, or points at the user who was there before. @param {User | undefined} guest @param {User} user */
  const linkGuest = (guest, user) => {
    if (guest?.type === 'guest' && guest.id !== user.id) guest.linkedPrimaryUser = user.id
  }

  /** @param {User | undefined} guest @param {Partial<User>} fields @returns {User} */
  const createOrPromote = (guest, fields) => (guest?.type === 'guest' ? Object.assign(guest, { type: 'user', ...fields }) : create(fields))

  /** At most so many of a kind per address and hour. */
  function limit(/** @type {string} */ kind, /** @type {string} */ email) {
    const key = `${kind} ${email}`
    const recent = (attempts.get(key) ?? []).filter((at) => at > Date.now() - HOUR)
    if (recent.length >= codesPerHour()) throw rateLimited(Math.ceil((recent[0] + HOUR - Date.now()) / 1000))
    attempts.set(key, [...recent, Date.now()])
  }

  return {
    all: () => [...users.values()],
    get: (/** @type {string} */ id) => users.get(id),
    issueToken,

    /** The user as clients receive it. @param {User} user @param {string} token */
    present: (user, token) => ({ ...user, app_id: appId, refresh_token: token, isGuest: user.type === 'guest' }),

    /** @param {string} token @param {Record<string, unknown>} [args] what the failed lookup echoes @returns {User} */
    byToken(token, args = { 'app-id': appId, 'refresh-token': token }) {
      const user = users.get(tokens.get(token) ?? '')
      if (!user) throw notFound('app-user', args)
      return user
    },

    guest: (/** @type {Record<string, any>} */ extra = {}) => create({ type: 'guest', ...extra }),

    /** Whom a verified identity belongs to. Address and subject may point at two users; then the address decides. */
    find(/** @type {string} */ provider, /** @type {string} */ sub, /** @type {string | undefined} */ email) {
      const link = links.find((l) => l.provider === provider && l.sub === sub)
      return byEmail(email) ?? (link && users.get(link.userId))
    },

    /**
     * Writes a sign-in down and gives back the user. @param {User | undefined} existing
     * @param {{ provider: string, sub: string, email?: string, imageURL?: string }} who @param {User | undefined} guest @param {Record<string, any>} extra
     */
    upsert(existing, { provider, sub, email, imageURL }, guest, extra) {
      const user = existing ?? createOrPromote(guest, { email: email ?? null, ...extra })
      if (existing && email !== undefined) existing.email = email
      if (imageURL !== undefined) user.imageURL = imageURL
      const link = links.find((l) => l.provider === provider && l.sub === sub)
      if (link) link.userId = user.id
      else links.push({ provider, sub, userId: user.id })
      if (existing) linkGuest(guest, existing)
      changed()
      return user
    },
    linked: (/** @type {string} */ provider, /** @type {string} */ sub, /** @type {User} */ user) => links.some((l) => l.provider === provider && l.sub === sub && l.userId === user.id),

    sendCode(/** @type {string} */ email) {
      limit('send', email)
      codes.set(email, { code: String(randomInt(100000, 1000000)), at: Date.now() })
    },
    /** For tests, which have no mailbox. */
    lastCode: (/** @type {string} */ email) => codes.get(email)?.code,
    /** @returns {{ user: User, created: boolean }} */
    verifyCode(/** @type {string} */ email, /** @type {string} */ code, /** @type {User | undefined} */ guest) {
      limit('verify', email)
      const sent = codes.get(email)
      if (!sent || sent.code !== code) throw notFound('app-user-magic-code', { 'app-id': appId, email, code })
      codes.delete(email)
      if (Date.now() - sent.at > CODE_LIFETIME) throw expired('app-user-magic-code', { 'app-id': appId, email, code })
      const existing = byEmail(email)
      if (existing) linkGuest(guest, existing)
      changed()
      return { user: existing ?? createOrPromote(guest, { email }), created: !existing }
    },

    /** A token nobody knows is fine: signing out twice is not an error. */
    signOut: (/** @type {string} */ token) => void tokens.delete(token),
    /** @param {string} which 'all', an address, a user id or a token */
    revoke(which) {
      for (const [token, id] of tokens) {
        const user = users.get(id)
        if (which === 'all' || which === token || which === id || (user?.email && which === user.email)) tokens.delete(token)
      }
    },
    liveTokens: () => [...tokens].map(([token, userId]) => ({ token, userId, email: users.get(userId)?.email ?? null })),
  }
}
