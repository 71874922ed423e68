import { CountersignError, scrub } from '../errors.js'
import { resolveEndpoint, type Explained } from '../internal.js'
import type { Endpoint } from '../types.js'
import type { Advisor } from './doctor.js'
import { InstantAPIError } from './errors.js'
import { apiError } from './failure.js'
import { nonceOf } from './id-token.js'
import type { Found, OwnerRecord, Port, User } from './port.js'
import type { SessionStore } from './storage.js'

/** What a sign-in answers. `created`: the user is new (not said for guests, by `signInWithToken`, and by old servers). */
export interface SignedIn {
  user: User
  created?: boolean
}

/** Where Instant is and who we are there. */
export interface HttpConfig {
  appId: string | undefined
  apiURI: Endpoint
  clientName: string
  allowInsecureOrigin?: boolean | undefined
}

const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/

/** The address of a path on the app's server; throws what is wrong with the configuration. */
export const addressOf = (config: HttpConfig, path: string): URL => {
  const base = resolveEndpoint(config.apiURI, 'apiURI', 'instant')
  return new URL(base.pathname.replace(/\/$/, '') + path, base)
}

/** The app's id, or an error that names the option. */
export const appIdOf = ({ appId }: HttpConfig): string => {
  if (appId) return appId
  throw new CountersignError('endpoint_missing', `instant: \`appId\` is ${appId === '' ? 'empty' : String(appId)}. Pass the id of your Instant app`, { backend: 'instant' })
}

/** The body of an answer: what its JSON is, or the first words of a proxy's page, which say more than nothing. */
const readBody = async (response: Response): Promise<unknown> => {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    return wordsOf(text)
  }
}

/** The words of a page, without its tags. */
const wordsOf = (page: string): string => page.slice(0, 8000).replace(/<(script|style)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' ').replace(/\s+/g, ' ').trim()

/** When `Retry-After` says to come back, in milliseconds from now: it has seconds or a date. */
const afterMs = (header: string | null): number => {
  if (!header) return 0
  const seconds = Number(header)
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000) || 0
}

/** Success is status 200 with a JSON object, and nothing else. */
export const readAnswer = async (response: Response, clientName: string, explain?: () => Promise<Explained | undefined>): Promise<any> => {
  const body = await readBody(response)
  const { status } = response
  if (status !== 200) throw await apiError(status, typeof body === 'string' ? { message: `HTTP ${status}${body && `: ${body}`}` } : body, clientName, explain, afterMs(response.headers.get('retry-after')))
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new CountersignError('protocol', `instant: the answer is no JSON object${typeof body === 'string' && body ? `: ${scrub(body)}` : ''}`, {
    backend: 'instant', hint: 'Does `apiURI` point at the Instant server, and not at a page or a proxy in front of it?',
  })
}

/**
 * Instant's auth endpoints. These requests are deliberately not fenced by identity: an exchange whose user has gone must be heard out,
 * or the session it made could never be revoked.
 */
export class HttpPort implements Port {
  constructor(readonly config: HttpConfig, readonly storage: SessionStore, readonly advisor: Advisor) {}

  async read(): Promise<Found | undefined> {
    const found = (await this.storage.read(this.key)) as { user?: Partial<User>; owner?: OwnerRecord } | undefined
    const user = found?.user
    return typeof user?.refresh_token === 'string' && typeof user.id === 'string' ? { user: user as User, owner: found?.owner } : undefined
  }

  async exchange(idToken: string, attach: User | undefined): Promise<User> {
    return (await this.swap(idToken, { attach })).user
  }

  /** An identity token for a session; `attach`: a guest to upgrade in place, or the session that this user has already. */
  swap(idToken: string, { attach, nonce, extraFields }: { attach?: User | undefined; nonce?: string | null | undefined; extraFields?: object | undefined } = {}): Promise<SignedIn> {
    this.advisor.look(idToken)
    // Absent keys stay absent: an empty nonce is another nonce.
    return this.signIn('/runtime/oauth/id_token', {
      app_id: appIdOf(this.config), id_token: idToken, client_name: this.config.clientName, nonce: nonce || nonceOf(idToken), refresh_token: attach?.refresh_token, extra_fields: extraFields,
    }, this.advisor.explain)
  }

  /** A request whose answer is a user with its session. */
  async signIn(path: string, body: object, explain?: () => Promise<Explained | undefined>): Promise<SignedIn> {
    const answer = (await this.post(path, body, explain)) as { user?: Partial<User> }
    const { user } = answer
    if (typeof user?.id === 'string' && typeof user.refresh_token === 'string') return answer as SignedIn
    throw new CountersignError('protocol', `instant: ${path} answered without a user`, { backend: 'instant' })
  }

  async revoke(user: User): Promise<boolean> {
    try {
      // keepalive: a sign-out is often the last thing a page does.
      await this.post('/runtime/signout', { app_id: appIdOf(this.config), refresh_token: user.refresh_token }, undefined, true)
      return true
    } catch (error) {
      return error instanceof InstantAPIError && error.status < 500 && error.status !== 429 && error.status !== 408
    }
  }

  store(user: User, owner: OwnerRecord): Promise<void> {
    return this.storage.write(this.key, { user, owner })
  }

  async clear(_dead: boolean, kept?: User): Promise<void> {
    const found = kept && (await this.read())
    if (!found || found.user.refresh_token === kept.refresh_token) await this.storage.remove(this.key)
  }

  get key(): string {
    const { appId, apiURI } = this.config
    return `${String(apiURI)}|${appId}`
  }

  /** Rejects InstantAPIError, `network`, or what is wrong with the configuration. */
  async post(path: string, body: object, explain?: () => Promise<Explained | undefined>, keepalive = false): Promise<unknown> {
    const url = addressOf(this.config, path)
    if (url.protocol !== 'https:' && !this.config.allowInsecureOrigin && !local.test(url.hostname)) {
      const message = 'instant: a token goes to https only (http on localhost); `allowInsecureOrigin` lifts that'
      throw new CountersignError('origin_not_allowed', message, { backend: 'instant' })
    }
    let response: Response
    try {
      response = await globalThis.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', keepalive,
      })
      return await readAnswer(response, this.config.clientName, explain)
    } catch (error) {
      if (CountersignError.is(error)) throw error
      throw new CountersignError('network', `instant: ${path} could not be reached`, { backend: 'instant', cause: error })
    }
  }
}
