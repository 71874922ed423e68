/**
 * A stand-in for the browser's `Clerk` object that talks to the local Clerk-shaped issuer (tests/backends/issuer):
 * same session, listener, cache and error shapes, no user interface and no retries. Importing and constructing it
 * do nothing; `load()` asks the issuer who is signed in.
 */

export interface LocalUser {
  readonly id: string;
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly fullName: string;
  readonly primaryEmailAddress: { readonly emailAddress: string } | null;
}

export interface LocalSession {
  readonly id: string;
  /** `removed` once the session is over: its `getToken` then answers null. */
  readonly status: 'active' | 'removed';
  readonly user: LocalUser | null;
  readonly lastActiveOrganizationId: string | null;
  getToken(options?: GetTokenOptions): Promise<string | null>;
}

export interface GetTokenOptions { template?: string; skipCache?: boolean; organizationId?: string | null }

export interface LocalClient { readonly id: string; readonly sessions: readonly LocalSession[]; readonly lastActiveSessionId: string | null }

/** As Clerk's: `session` is undefined while loading and switching, null when signed out. */
export interface Resources {
  client: LocalClient | undefined;
  session: LocalSession | null | undefined;
  user: LocalUser | null | undefined;
  organization: null | undefined;
}

export type Listener = (resources: Resources) => void;

export class LocalClerk {
  readonly #issuer: string;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'> | undefined;
  readonly #listeners = new Set<Listener>();
  #resources: Resources = { client: undefined, session: undefined, user: undefined, organization: undefined };
  #session: ActiveSession | null | undefined;
  #token: string | undefined;
  #loaded = false;
  #loading: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #watching = false;

  /** `storage` defaults to localStorage where there is one; without any, the sign-in lasts as long as this object. */
  constructor(issuer: string | URL, options: { storage?: Pick<Storage, 'getItem' | 'setItem'> } = {}) {
    this.#issuer = String(issuer).replace(/\/+$/, '');
    this.#storage = options.storage;
  }

  get loaded(): boolean { return this.#loaded; }
  get client(): LocalClient | undefined { return this.#resources.client; }
  get session(): LocalSession | null | undefined { return this.#resources.session; }
  get user(): LocalUser | null | undefined { return this.#resources.user; }
  get organization(): null | undefined { return this.#resources.organization; }

  /** Finds out who is signed in. Idempotent; after a failure it may be called again. */
  load(): Promise<void> {
    this.#watchOtherTabs();
    return (this.#loading ??= this.#serially(() => this.#reload()).catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    }));
  }

  /** Told at once when already loaded, as Clerk does. @returns unsubscribe */
  addListener(listener: Listener, options: { skipInitialEmit?: boolean } = {}): () => void {
    this.#listeners.add(listener);
    if (this.#loaded && !options.skipInitialEmit) listener({ ...this.#resources });
    return () => void this.#listeners.delete(listener);
  }

  /** Signs in as `alice` or `bob`; whoever was signed in is replaced. Calls take turns: the last one wins. */
  signIn(identifier: string): Promise<void> {
    return this.#switch(async () => {
      const { client } = await this.#call('POST', '/v1/client/sign_ins', { identifier });
      this.#adopt(client);
    });
  }

  /** As Clerk: first the request, then the caches; tokens handed out before stay valid until they expire. */
  signOut(): Promise<void> {
    return this.#switch(async () => {
      try {
        await this.#call('DELETE', '/v1/client/sessions');
      } catch (error) {
        if (!isApiError(error) || error.status !== 401) throw error; // 401: it was over already
      }
      this.#adopt(null);
    });
  }

  /** Shows "unknown" while `action` runs, and what was there before if it fails. */
  #switch(action: () => Promise<void>): Promise<void> {
    return this.#serially(async () => {
      const before = this.#resources;
      this.#set({ client: before.client, session: undefined, user: undefined, organization: undefined });
      try {
        await action();
      } catch (error) {
        this.#set(before);
        throw error;
      }
      this.#tellOtherTabs();
    });
  }

  #serially<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #reload(): Promise<void> {
    const { response } = await this.#call('GET', '/v1/client');
    this.#adopt(response);
  }

  /** Makes the issuer's view of this client ours. An unchanged session keeps its object and its cache. */
  #adopt(raw: RawClient | null): void {
    const found = raw?.sessions.find((each) => each.id === raw.last_active_session_id) ?? null;
    if (this.#session && this.#session.id !== found?.id) this.#session.close();
    if (!found) this.#session = null;
    else if (this.#session?.id !== found.id) this.#session = new ActiveSession(found, this.#mint);
    const session = this.#session ?? null;
    this.#loaded = true;
    this.#set({
      client: raw ? { id: raw.id, sessions: session ? [session] : [], lastActiveSessionId: session?.id ?? null } : this.#resources.client,
      session,
      user: session?.user ?? null,
      organization: null,
    });
  }

  #set(resources: Resources): void {
    this.#resources = resources;
    // Before the first answer nobody is told anything: Clerk emits nothing until it is loaded.
    if (!this.#loaded) return;
    for (const listener of [...this.#listeners]) listener({ ...resources });
  }

  readonly #mint = async (sid: string, template: string | undefined): Promise<string> => {
    const path = `/v1/client/sessions/${sid}/tokens${template === undefined ? '' : `/${encodeURIComponent(template)}`}`;
    try {
      const { jwt } = await this.#call('POST', path);
      if (!jwt) throw new ClerkRuntimeError('network_error', 'The issuer answered without a token.');
      // Clerk's listeners also hear of every new session token, though nothing about the user changed.
      if (template === undefined && this.#session?.id === sid) queueMicrotask(() => this.#set(this.#resources));
      return jwt;
    } catch (error) {
      // A session that ended on the server: learn who is signed in now, without keeping this caller waiting.
      if (isApiError(error) && error.status === 401 && this.#session?.id === sid) {
        void this.#serially(() => this.#reload()).catch(() => undefined);
      }
      throw error;
    }
  };

  async #call(method: string, path: string, form?: Record<string, string>): Promise<any> {
    const headers: Record<string, string> = {};
    const token = this.#readToken();
    if (token) headers.authorization = token;
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#issuer + path, { method, headers, body: form ? new URLSearchParams(form) : null, cache: 'no-store' });
      text = await response.text();
    } catch (cause) {
      throw new ClerkRuntimeError('network_error', `The issuer at ${this.#issuer} did not answer.`, cause);
    }
    const body = parse(text);
    if (!response.ok) throw new ClerkAPIResponseError(response, body);
    const renewed = response.headers.get('authorization');
    if (renewed) this.#writeToken(renewed);
    return body ?? {};
  }

  // Looked up at each use, so that importing and constructing stay harmless on a server; private modes may refuse it.
  #store(): Pick<Storage, 'getItem' | 'setItem'> | undefined {
    try { return this.#storage ?? globalThis.localStorage; } catch { return undefined; }
  }

  get #key(): string { return `local-clerk ${this.#issuer}`; }

  #readToken(): string | undefined {
    try { return this.#store()?.getItem(this.#key) ?? this.#token; } catch { return this.#token; }
  }

  #writeToken(token: string): void {
    this.#token = token;
    try { this.#store()?.setItem(this.#key, token); } catch { /* it lasts as long as this object then */ }
  }

  /** Storage events reach the other tabs only; the value just has to differ. */
  #tellOtherTabs(): void {
    try { this.#store()?.setItem(`${this.#key} changed`, String(Date.now())); } catch { /* nobody else to tell */ }
  }

  #watchOtherTabs(): void {
    if (this.#watching || typeof window === 'undefined') return;
    this.#watching = true;
    window.addEventListener('storage', (event) => {
      if (event.key === `${this.#key} changed`) void this.#serially(() => this.#reload()).catch(() => undefined);
    });
  }
}

/** Seconds left below which a cached token is not handed out any more. */
const LEEWAY_S = 5;

class ActiveSession implements LocalSession {
  readonly id: string;
  readonly lastActiveOrganizationId: string | null;
  #user: LocalUser | null;
  /** By template. A pending entry is shared by everybody who asks meanwhile. */
  readonly #cache = new Map<string, { token: Promise<string>; exp?: number }>();
  readonly #mint: (sid: string, template: string | undefined) => Promise<string>;

  constructor(raw: RawSession, mint: (sid: string, template: string | undefined) => Promise<string>) {
    this.id = raw.id;
    this.lastActiveOrganizationId = raw.last_active_organization_id;
    this.#user = toUser(raw.user);
    this.#mint = mint;
  }

  get user(): LocalUser | null { return this.#user; }
  get status(): 'active' | 'removed' { return this.#user ? 'active' : 'removed'; }

  /** Bound, because Clerk's may be passed around without its session. `skipCache` calls are not shared, as Clerk's. */
  readonly getToken = async (options: GetTokenOptions = {}): Promise<string | null> => {
    if (!this.#user) return null;
    const key = options.template ?? '';
    const cached = this.#cache.get(key);
    if (!options.skipCache && cached && (cached.exp === undefined || cached.exp - Date.now() / 1000 > LEEWAY_S)) return cached.token;
    const entry: { token: Promise<string>; exp?: number } = { token: this.#mint(this.id, options.template) };
    if (!options.skipCache) this.#cache.set(key, entry);
    try {
      const token = await entry.token;
      const exp = expiry(token);
      const held = this.#cache.get(key);
      // After the session's end nothing is cached again; the caller gets the token nevertheless (Clerk's race, kept).
      // Of two answers the one that lives longer stays; a token that names no expiry is not cached at all.
      if (exp === undefined) { if (held === entry) this.#cache.delete(key); }
      else if (this.#user && (held === entry || (held?.exp ?? 0) <= exp)) this.#cache.set(key, { token: entry.token, exp });
      return token;
    } catch (error) {
      if (this.#cache.get(key) === entry) this.#cache.delete(key);
      throw error;
    }
  };

  close(): void {
    this.#user = null;
    this.#cache.clear();
  }
}

/** Clerk's error of an answered request; told from others by its fields, never by `instanceof`. */
export class ClerkAPIResponseError extends Error {
  override readonly name = 'ClerkAPIResponseError';
  readonly clerkError = true;
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly clerkTraceId: string | undefined;
  readonly errors: { code: string; message: string; longMessage: string | undefined; meta: unknown }[];

  constructor(response: Response, body: any) {
    const raw: any[] = Array.isArray(body?.errors) ? body.errors : [];
    super(raw[0]?.long_message ?? raw[0]?.message ?? `The issuer answered ${response.status}.`);
    this.status = response.status;
    const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds;
    this.clerkTraceId = body?.clerk_trace_id;
    this.errors = raw.map((each) => ({ code: each.code, message: each.message, longMessage: each.long_message, meta: each.meta }));
  }
}

/** Clerk's error when there was no answer. */
export class ClerkRuntimeError extends Error {
  override readonly name = 'ClerkRuntimeError';
  readonly clerkError = true;
  readonly clerkRuntimeError = true;
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

interface RawUser {
  id: string; username: string; first_name: string; last_name: string; primary_email_address_id: string;
  email_addresses: { id: string; email_address: string }[];
}
interface RawSession { id: string; last_active_organization_id: string | null; user: RawUser }
interface RawClient { id: string; sessions: RawSession[]; last_active_session_id: string | null }

function toUser(raw: RawUser): LocalUser {
  const email = raw.email_addresses.find((each) => each.id === raw.primary_email_address_id);
  return {
    id: raw.id, username: raw.username, firstName: raw.first_name, lastName: raw.last_name,
    fullName: `${raw.first_name} ${raw.last_name}`, primaryEmailAddress: email ? { emailAddress: email.email_address } : null,
  };
}

const isApiError = (error: unknown): error is ClerkAPIResponseError => (error as { name?: string } | null)?.name === 'ClerkAPIResponseError';

function parse(text: string): any {
  try { return JSON.parse(text); } catch { return undefined; }
}

function expiry(token: string): number | undefined {
  try {
    const payload = JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof payload.exp === 'number' ? payload.exp : undefined;
  } catch {
    return undefined;
  }
}
