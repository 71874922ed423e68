import { CountersignError } from '../errors.js'
import { resolveEndpoint, type Explained } from '../internal.js'
import type { Endpoint } from '../types.js'
import { InstantAPIError } from './errors.js'
import { apiError } from './failure.js'
import type { Found, OwnerRecord, Port, User } from './port.js'
import type { SessionStore } from './storage.js'

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

/** The body of an answer, whatever it is. */
const readJson = async (response: Response): Promise<unknown> => {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's page: its first words say more than nothing.
    return { message: `HTTP ${response.status}${text.trim() ? `: ${text.trim()}` : ''}` }
  }
}

/** Success is status 200 and nothing else. */
const claimsOf = (idToken: string): Record<string, unknown> => {
  try {
    return JSON.parse(atob((idToken.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'))) as Record<string, unknown>
  } catch {
    return {}
  }
}

/**
 * The nonce that a token carries (an ID token of Auth0's first sign-in does): Instant wants to be told the same one.
 * Whether it is the right one was checked by whoever asked for the token; here it only has to be named.
 */
export const nonceOf = (idToken: string): string | undefined => {
  const { nonce } = claimsOf(idToken)
  return typeof nonce === 'string' && nonce ? nonce : undefined
}

/** Who a token is about: its issuer and subject. */
export const subjectOf = (idToken: string): string | undefined => {
  const { iss, sub } = claimsOf(idToken)
  return typeof sub === 'string' ? `${String(iss)}|${sub}` : undefined
}

export const readAnswer = async (response: Response, clientName: string, explain?: () => Promise<Explained | undefined>): Promise<any> => {
  const body = await readJson(response)
  if (response.status === 200) return body
  const error = await apiError(response.status, body, clientName, explain)
  const after = Number(response.headers.get('retry-after'))
  if (error.retryAfterMs || !(after > 0)) throw error
  const { status, code, kind, retryable, hint, token } = error
  throw new InstantAPIError(status, error.body, after * 1000, { code, kind, retryable, hint, token })
}

/**
 * Instant's auth endpoints. These requests are deliberately not fenced by identity: an exchange whose user has gone must be heard out,
 * or the session it made could never be revoked.
 */
export class HttpPort implements Port {
  constructor(readonly config: HttpConfig, readonly storage: SessionStore, readonly explain: () => Promise<Explained | undefined>) {}

  async read(): Promise<Found | undefined> {
    const found = (await this.storage.read(this.#key())) as { user?: Partial<User>; owner?: OwnerRecord } | undefined
    const user = found?.user
    return typeof user?.refresh_token === 'string' && typeof user.id === 'string' ? { user: user as User, owner: found?.owner } : undefined
  }

  exchange(idToken: string, attach: User | undefined, nonce?: string): Promise<User> {
    // Absent keys stay absent: an empty nonce is another nonce.
    const body = { app_id: appIdOf(this.config), id_token: idToken, client_name: this.config.clientName, nonce: nonce ?? nonceOf(idToken), refresh_token: attach?.refresh_token }
    return this.#user('/runtime/oauth/id_token', body)
  }

  /** Adopts a session that was made elsewhere. */
  verify(token: string): Promise<User> {
    return this.#user('/runtime/auth/verify_refresh_token', { 'app-id': appIdOf(this.config), 'refresh-token': token })
  }

  async revoke(user: User): Promise<boolean> {
    try {
      // keepalive: a sign-out is often the last thing a page does.
      await this.#post('/runtime/signout', { app_id: appIdOf(this.config), refresh_token: user.refresh_token }, true)
      return true
    } catch (error) {
      return error instanceof InstantAPIError && error.status < 500 && error.status !== 429 && error.status !== 408
    }
  }

  store(user: User, owner: OwnerRecord): Promise<void> {
    return this.storage.write(this.#key(), { user, owner })
  }

  clear(): Promise<void> {
    return this.storage.remove(this.#key())
  }

  #key(): string {
    const { appId, apiURI } = this.config
    return `${String(apiURI)}|${appId}`
  }

  async #user(path: string, body: object): Promise<User> {
    const answer = (await this.#post(path, body)) as { user?: Partial<User> } | null
    const user = answer?.user
    if (typeof user?.id === 'string' && typeof user.refresh_token === 'string') return user as User
    throw new CountersignError('protocol', `instant: ${path} answered without a user`, { backend: 'instant' })
  }

  async #post(path: string, body: object, keepalive = false): Promise<unknown> {
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
      return await readAnswer(response, this.config.clientName, this.explain)
    } catch (error) {
      if (CountersignError.is(error)) throw error
      throw new CountersignError('network', `instant: ${path} could not be reached`, { backend: 'instant', cause: error })
    }
  }
}
