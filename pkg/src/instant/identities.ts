import type { Session } from '../types.js'
import { owners } from './machine.js'
import type { Found, OwnerRecord } from './port.js'

/** Who is signed in with the provider, in the numbers that the machine has for identities, and in the record that is stored beside a session. */
export class Identities {
  readonly #session: Session<any>
  readonly #template: string
  readonly #numbers = new Map<string, number>()
  /** For a session whose provider reports no identities: who its token belongs to. */
  #bearer: string | null | undefined

  constructor(session: Session<any>, template: string) {
    this.#session = session
    this.#template = template
  }

  get key(): string | null | undefined {
    return this.#session.identityKey === undefined ? this.#bearer : this.#session.identityKey
  }

  /** There is a token and no identity. */
  bear(token: string | null): void {
    const { issuer, subject } = this.claims()
    this.#bearer = token === null ? null : `token|${issuer}|${subject}`
  }

  /** A new token came; says whether it is all that there is to go by. */
  renewed(template: string): boolean {
    if (typeof this.#bearer !== 'string' || template !== this.#template) return false
    this.bear('')
    return true
  }

  /** The provider's word counts from the moment that there is one. */
  settle(): void {
    if (this.#session.identityKey !== undefined) this.#bearer = undefined
  }

  number(key: string | null): number {
    if (key === null) return owners.nobody
    let id = this.#numbers.get(key)
    if (id === undefined) this.#numbers.set(key, (id = this.#numbers.size + 1))
    return id
  }

  claims(): { issuer?: string; subject?: string } {
    const { iss, sub } = this.#session.inspect().tokens[this.#template]?.claims ?? {}
    return { ...(typeof iss === 'string' ? { issuer: iss } : {}), ...(typeof sub === 'string' ? { subject: sub } : {}) }
  }

  /** What is written beside a session of this owner. */
  record(owner: number): OwnerRecord {
    for (const [key, id] of this.#numbers) if (id === owner) return { key, ...(key === this.key ? this.claims() : {}) }
    return { key: null }
  }

  /** Whose a stored session is: by the identity's key, or by the subject of its token where the key is new (another device session). */
  async ownerOf({ user, owner }: Found): Promise<number> {
    if (!owner || owner.key === null) return user.type === 'guest' ? owners.guest : owner ? owners.nobody : owners.stranger
    const { key } = this
    if (key === owner.key) return this.number(owner.key)
    if (typeof key !== 'string' || !owner.subject) return owners.stranger
    await this.#session.getToken(this.#template).catch(() => null)
    const now = this.claims()
    return this.key === key && now.subject === owner.subject && now.issuer === owner.issuer ? this.number(key) : owners.stranger
  }
}
