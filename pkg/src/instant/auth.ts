import { CountersignError, scrub } from '../errors.js'
import type { Fence } from '../fence.js'
import type { Session } from '../types.js'
import type { Follower } from './follower.js'
import { addressOf, appIdOf, type HttpConfig, HttpPort, type SignedIn } from './http.js'
import { subjectOf } from './id-token.js'
import type { CodeExchange, ExtraFields, IdTokenSignIn, MagicCodeSignIn, RedirectSignIn } from './init.js'
import { told } from './machine.js'
import { type Begun, checkRedirect, Redirects, type Returned, returned, tidy } from './oauth.js'
import type { User } from './port.js'

const fail = (code: string, message: string, details: object = {}) => new CountersignError(code, `instant: ${message}`, { backend: 'instant', ...details })

/** The sign-ins that an application makes by itself. The last call counts: what an earlier one gives after a later sign-in or sign-out is revoked, not used. */
export class Auth {
  readonly #session: Session<any>
  readonly #config: HttpConfig
  readonly #port: HttpPort
  readonly #follower: Follower
  /** Whose the sessions are that were made here. */
  readonly #subjects = new Map<string, string>()
  #redirects: Redirects | undefined
  /** What redirects of this page came to: React runs an effect twice, and a router may put an old URL back. */
  readonly #ended = new Map<string, Promise<SignedIn>>()
  #turn = 0
  #running: { what: string; who: unknown; result: Promise<SignedIn> } | undefined

  constructor(session: Session<any>, config: HttpConfig, port: HttpPort, follower: Follower) {
    this.#session = session
    this.#config = config
    this.#port = port
    this.#follower = follower
  }

  signInWithIdToken({ clientName, idToken, nonce, extraFields }: IdTokenSignIn, guard: Fence): Promise<SignedIn> {
    const { allowInsecureOrigin, appId, apiURI } = this.#config
    const port = new HttpPort({ allowInsecureOrigin, appId, apiURI, clientName }, this.#port.storage, this.#port.advisor)
    return this.#adopt(`id|${clientName}|${idToken}`, guard, async () => {
      // A guest is upgraded in place, and the same subject keeps its session instead of getting a second one.
      const subject = subjectOf(idToken)
      const now = this.#follower.user
      const same = now && subject !== undefined && this.#subjects.get(now.refresh_token) === subject
      const answer = await port.swap(idToken, { attach: same ? now : this.#guest(), nonce, extraFields })
      if (subject !== undefined) this.#subjects.set(answer.user.refresh_token, subject)
      return answer
    })
  }

  signInWithToken(token: string, guard: Fence): Promise<SignedIn> {
    return this.#adopt(`token|${token}`, guard, () => this.#port.signIn('/runtime/auth/verify_refresh_token', { 'app-id': appIdOf(this.#config), 'refresh-token': token }))
  }

  signInAsGuest({ extraFields }: { extraFields?: ExtraFields | undefined } = {}, guard: Fence): Promise<SignedIn> {
    return this.#adopt('guest', guard, () => this.#port.signIn('/runtime/auth/sign_in_guest', { 'app-id': appIdOf(this.#config), 'extra-fields': extraFields }))
  }

  sendMagicCode({ email }: { email: string }): Promise<{ sent: true }> {
    return this.#port.post('/runtime/auth/send_magic_code', { 'app-id': appIdOf(this.#config), email }) as Promise<{ sent: true }>
  }

  signInWithMagicCode({ email, code, extraFields }: MagicCodeSignIn, guard: Fence): Promise<SignedIn> {
    return this.#adopt(`magic|${email}|${code}`, guard, () =>
      this.#port.signIn('/runtime/auth/verify_magic_code', { 'app-id': appIdOf(this.#config), email, code, 'refresh-token': this.#guest()?.refresh_token, 'extra-fields': extraFields }),
    )
  }

  async createAuthorizationURL({ clientName, redirectURL, extraFields }: RedirectSignIn): Promise<string> {
    const url = addressOf(this.#config, '/runtime/oauth/start')
    const app = appIdOf(this.#config)
    checkRedirect(redirectURL)
    const { state, challenge } = await this.#redirect().begin(extraFields)
    url.search = String(new URLSearchParams({ app_id: app, client_name: clientName, redirect_uri: redirectURL, state, code_challenge: challenge, code_challenge_method: 'S256' }))
    return url.href
  }

  /** `href`: where the page was when the application called. */
  async exchangeOAuthCode(given: CodeExchange | undefined, href: string | undefined, guard: Fence): Promise<SignedIn | null> {
    const back = returned(href)
    if (given?.code) return this.#swapCode(given, given.codeVerifier ? undefined : this.#redirect().take(given.state ?? back?.state), guard)
    if (!back) return null
    const { code, error, state } = back
    if (!code) {
      const ours = this.#redirect().take(state)
      tidy(back, !!ours)
      // Anybody can make a link with an error in it: it is a text, and no more.
      throw fail('oauth-error', `the sign-in was refused: ${scrub(error ?? 'no code came back')}`, { kind: 'token' })
    }
    let ended = this.#ended.get(code)
    if (!ended) this.#ended.set(code, (ended = this.#end(back, code, given?.extraFields, guard)))
    return ended
  }

  /** What is under way is not wanted any more. */
  supersede(): void {
    this.#turn++
    this.#running = undefined
  }

  async #end(back: Returned, code: string, extraFields: ExtraFields | undefined, guard: Fence): Promise<SignedIn> {
    const begun = this.#redirect().take(back.state)
    tidy(back, !!begun)
    if (begun) return this.#swapCode({ code, extraFields }, begun, guard)
    // A page that was loaded again with its old URL: that sign-in is done. A code that came from anywhere else is not taken: it may be somebody else's.
    await this.#follower.ready()
    const { user } = this.#follower
    if (user) return { user, created: false }
    throw fail('state_mismatch', 'this sign-in was not begun in this tab, or more than ten minutes ago', { kind: 'token', hint: 'Begin it again, with `createAuthorizationURL`; or pass `code` and `codeVerifier`, where the application began it by itself' })
  }

  #swapCode({ code, codeVerifier, extraFields }: CodeExchange, begun: Begun | undefined, guard: Fence): Promise<SignedIn> {
    return this.#adopt(`code|${code}`, guard, () =>
      this.#port.signIn('/runtime/oauth/token', {
        app_id: appIdOf(this.#config), code, code_verifier: codeVerifier ?? begun?.verifier, refresh_token: this.#guest()?.refresh_token, extra_fields: extraFields ?? begun?.extraFields,
      }),
    )
  }

  #redirect(): Redirects {
    return (this.#redirects ??= new Redirects(appIdOf(this.#config)))
  }

  /** Sent along, a guest becomes the user, with all that is its own. */
  #guest(): User | undefined {
    const { user } = this.#follower
    return user?.type === 'guest' ? user : undefined
  }

  /** Makes a sign-in and keeps it, if nothing has come in between; the same one twice at a time is one. */
  #adopt(what: string, guard: Fence, get: () => Promise<SignedIn>): Promise<SignedIn> {
    const who = this.#session.identityKey
    if (this.#running?.what === what && this.#running.who === who) return this.#running.result
    const turn = ++this.#turn
    const result = this.#keep(turn, guard, get).finally(() => {
      if (this.#turn === turn) this.#running = undefined
    })
    this.#running = { what, who, result }
    return result
  }

  async #keep(turn: number, guard: Fence, get: () => Promise<SignedIn>): Promise<SignedIn> {
    const follower = this.#follower
    const check = () => {
      guard.check()
      if (!follower.running) throw fail('disposed', 'this db was shut down, or its page was left')
      if (turn !== this.#turn) throw fail('identity_changed', 'another sign-in or a sign-out came after this one')
    }
    await follower.ready()
    check()
    const answer = await get()
    const number = follower.number(answer.user)
    try {
      check()
    } catch (error) {
      follower.machine?.tell(told.exchanged, number)
      throw error
    }
    follower.machine?.tell(told.adopt, number, +(answer.user.type === 'guest'))
    return answer
  }
}
