import type { AuthTokenFetcher, ConvexClient as VendorClient, ConvexHttpClient as VendorHttpClient } from 'convex/browser'
import type { Authorized, Finding } from '../types.js'
import { Base } from './base.js'
import type { ConvexErrorClass } from './errors.js'
import type { LogSink, TransportOptions } from './transport.js'

/** With a session the token is its; without one it is what `setAuth` is given. */
type Auth<T extends string> = Authorized<T> | { session?: never; template?: never; anonymous?: never; allowInsecureOrigin?: boolean }
type Public<X> = { [K in keyof X]: X[K] }

interface Common {
  /** Where the log lines of functions go. Default the console; `false`: nowhere. */
  logger?: LogSink | boolean
  /** Allow an address that ends with `.convex.site`. */
  skipConvexDeploymentUrlCheck?: boolean
  /** Your copy of `ConvexError` (the vendor's), so that your `instanceof` holds. */
  ConvexError?: ConvexErrorClass
}

/** Options of {@link ConvexHttpClient}. `auth` and `fetch` only without a session. */
export type ConvexHttpClientOptions<T extends string = string> = Common & { fetch?: typeof fetch; auth?: string } & Auth<T>
/** Options of {@link ConvexClient}. */
export type ConvexClientOptions<T extends string = string> = Common & Auth<T>

class HttpClient implements Public<VendorHttpClient> {
  readonly #base: Base
  readonly #address: string | undefined
  #auth: string | null = null
  #ts: Promise<string> | undefined

  constructor(address: string | undefined, options: ConvexHttpClientOptions<any> = {}) {
    this.#address = address
    this.#auth = options.auth ?? null
    this.#base = new Base(address, options as TransportOptions, async () => this.#auth)
  }

  get url(): string {
    return this.#address ?? ''
  }

  backendUrl = (): string => `${this.url}/api`

  setAuth = (token: string): void => {
    this.#base.ownToken()
    this.#auth = token
  }

  clearAuth = (): void => {
    this.#base.ownToken()
    this.#auth = null
  }

  query: VendorHttpClient['query'] = (reference: unknown, ...args: any[]) => this.#base.call('query', reference, args[0])

  consistentQuery: VendorHttpClient['consistentQuery'] = (reference: unknown, ...args: any[]) =>
    // One point in time for the life of this client; a failed request for it is not kept.
    this.#base.callAt(reference, args[0], (transport) => (this.#ts ??= transport.timestamp().catch((error: unknown) => {
      this.#ts = undefined
      throw error
    })))

  mutation: VendorHttpClient['mutation'] = (reference: unknown, ...args: any[]) =>
    this.#base.call('mutation', reference, args[0], (args[1] as { skipQueue?: boolean } | undefined)?.skipQueue)

  action: VendorHttpClient['action'] = (reference: unknown, ...args: any[]) => this.#base.call('action', reference, args[0])

  check = (): Promise<Finding[]> => this.#base.check()
}

class Client {
  readonly #base: Base
  #fetcher: AuthTokenFetcher | undefined
  #onChange: ((isAuthenticated: boolean) => void) | undefined
  #told: boolean | undefined

  constructor(address: string | undefined, options: ConvexClientOptions<any> = {}) {
    this.#base = new Base(address, options as TransportOptions, (refused) => this.#token(refused !== undefined))
  }

  get closed(): boolean {
    return this.#base.closed
  }

  query: VendorClient['query'] = (reference: unknown, args: any) => this.#base.call('query', reference, args)
  mutation: VendorClient['mutation'] = (reference: unknown, args: any) => this.#base.call('mutation', reference, args)
  action: VendorClient['action'] = (reference: unknown, args: any) => this.#base.call('action', reference, args)

  setAuth = (fetchToken: AuthTokenFetcher, onChange?: (isAuthenticated: boolean) => void): void => {
    this.#base.ownToken()
    this.#fetcher = fetchToken
    this.#onChange = onChange
    this.#told = undefined
    void this.#token(false)
  }

  clearAuth = (): void => {
    this.#base.ownToken()
    this.#fetcher = undefined
    this.#tell(false)
    this.#onChange = undefined
  }

  check = (): Promise<Finding[]> => this.#base.check()

  close = async (): Promise<void> => {
    this.#base.closed = true
  }

  /** A fetcher that throws has no token: the request goes out without one and the server's answer says what that means. */
  async #token(force: boolean): Promise<string | null> {
    const fetcher = this.#fetcher
    if (!fetcher) return null
    const token = await (async () => fetcher({ forceRefreshToken: force }))().catch(() => null)
    // Replaced or cleared meanwhile: this token is somebody else's business by now.
    if (fetcher !== this.#fetcher) return this.#token(false)
    this.#tell(typeof token === 'string')
    return token ?? null
  }

  #tell(isAuthenticated: boolean) {
    if (this.#told !== isAuthenticated) this.#onChange?.((this.#told = isAuthenticated))
  }
}

/** Convex over HTTP under the vendor's name; typed errors, and with a session the right token on every call. */
export type ConvexHttpClient = Public<VendorHttpClient> & { check(): Promise<Finding[]> }
/** {@link ConvexHttpClient}: constructing does nothing; a missing address is reported by the first call. */
export const ConvexHttpClient = HttpClient as unknown as new <T extends string>(address: string | undefined, options?: ConvexHttpClientOptions<T>) => ConvexHttpClient

/**
 * `query`, `mutation` and `action` of the vendor's `ConvexClient`. Constructing opens nothing and never throws. `setAuth`'s `onChange`
 * says whether there is a token; over HTTP the server confirms it with each answer.
 */
export type ConvexClient = Pick<VendorClient, 'query' | 'mutation' | 'action' | 'setAuth' | 'closed' | 'close'> & { clearAuth(): void; check(): Promise<Finding[]> }
/** {@link ConvexClient}. */
export const ConvexClient = Client as unknown as new <T extends string>(address: string | undefined, options?: ConvexClientOptions<T>) => ConvexClient
