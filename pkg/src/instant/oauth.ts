import { CountersignError } from '../errors.js'
import type { ExtraFields } from './init.js'

/** Instant's redirect record is good for ten minutes, and so is what is kept here for it. */
const lifeMs = 600_000
/** Sign-ins begun and not ended: more than a person has open. */
const most = 8
const marker = '_instant_oauth_redirect'

/** What has to be remembered while the page is away. */
export interface Begun {
  verifier: string
  extraFields?: ExtraFields | undefined
  until: number
}

/** What a redirect came back with. */
export interface Returned {
  code?: string | undefined
  error?: string | undefined
  state?: string | undefined
}

const base64url = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
const random = (bytes: number) => base64url(crypto.getRandomValues(new Uint8Array(bytes)))

/** `[name, piece]` of each parameter, the piece as it stands in the URL: what is not ours is not written anew. */
const pieces = (search: string): [string, string][] =>
  search.replace(/^\?/, '').split('&').filter(Boolean).map((piece) => [[...new URLSearchParams(piece).keys()][0] ?? '', piece])
const valueOf = (piece: string): string => [...new URLSearchParams(piece).values()][0] ?? ''

/** What came back, if a URL is a redirect's return. */
export const returned = (href: string | undefined): Returned | undefined => {
  if (!href) return undefined
  const { searchParams } = new URL(href)
  if (!searchParams.get(marker)) return undefined
  // The server's come after the page's own.
  const last = (name: string) => searchParams.getAll(name).at(-1)
  return { code: last('code'), error: last('error'), state: last('state') }
}

/** Takes what a redirect added out of the address bar, and nothing else. `ours`: the state is one of these sign-ins'. */
export const tidy = (back: Returned, ours: boolean): void => {
  const { location, history } = globalThis as { location?: Location; history?: History }
  if (!location || !history || !returned(location.href)) return
  const all = pieces(location.search)
  for (const [name, value] of Object.entries({ [marker]: undefined, code: back.code, error: back.code ? undefined : back.error, state: ours ? back.state : undefined })) {
    if (value === undefined && name !== marker) continue
    const at = all.map(([key, piece]) => key === name && (value === undefined || valueOf(piece) === value)).lastIndexOf(true)
    if (at >= 0) all.splice(at, 1)
  }
  const search = all.map(([, piece]) => piece).join('&')
  history.replaceState(history.state, '', location.pathname + (search && `?${search}`) + location.hash)
}

/**
 * Sign-ins begun with a redirect, each under the `state` that it comes back with. In sessionStorage: it lasts while the page is away, and belongs to this
 * tab. Where there is none, in memory: for a page that opens the sign-in elsewhere and stays.
 */
export class Redirects {
  readonly #key: string
  readonly #memory = new Map<string, string>()

  constructor(appId: string) {
    this.#key = `countersign:instant:oauth:${appId}`
  }

  /** The `state` and PKCE's challenge for a new sign-in. */
  async begin(extraFields: ExtraFields | undefined): Promise<{ state: string; challenge: string }> {
    if (!globalThis.crypto?.subtle) throw new CountersignError('option_invalid', 'instant: a sign-in with a redirect needs https, or http on localhost (Web Crypto is missing)', { backend: 'instant' })
    const [state, verifier] = [random(16), random(32)]
    const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
    const others = Object.entries(this.#read()).slice(1 - most)
    this.#write({ ...Object.fromEntries(others), [state]: { verifier, extraFields, until: Date.now() + lifeMs } })
    return { state, challenge }
  }

  /** What was kept for a sign-in; once. */
  take(state: string | undefined): Begun | undefined {
    const { [state ?? '']: begun, ...others } = this.#read()
    if (begun) this.#write(others)
    return begun
  }

  #read(): Record<string, Begun> {
    try {
      const all = JSON.parse((this.#storage() ? sessionStorage.getItem(this.#key) : this.#memory.get(this.#key)) ?? '{}') as Record<string, Begun>
      return Object.fromEntries(Object.entries(all).filter(([, { verifier, until }]) => typeof verifier === 'string' && until > Date.now()))
    } catch {
      return {}
    }
  }

  #write(all: Record<string, Begun>): void {
    const text = JSON.stringify(all)
    try {
      if (this.#storage()) return sessionStorage.setItem(this.#key, text)
    } catch {
      // Full.
    }
    this.#memory.set(this.#key, text)
  }

  /** Reading the property may throw already. */
  #storage(): boolean {
    try {
      return !!globalThis.sessionStorage
    } catch {
      return false
    }
  }
}

/** A redirect URL must not use the names that the answer comes back under: one would be taken for the other. */
export const checkRedirect = (redirectURL: string): void => {
  let url: URL
  try {
    url = new URL(redirectURL)
  } catch {
    throw new CountersignError('option_invalid', 'instant: `redirectURL` is not an absolute URL', { backend: 'instant' })
  }
  const taken = ['code', 'error', 'state', marker].filter((name) => url.searchParams.has(name))
  if (taken.length) throw new CountersignError('option_invalid', `instant: \`redirectURL\` has parameters of its own named ${taken.join(', ')}, which the answer comes back under. Rename them`, { backend: 'instant' })
}
