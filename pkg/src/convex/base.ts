import { CountersignError } from '../errors.js'
import { fence, type Fence } from '../fence.js'
import type { Finding, Session } from '../types.js'
import { Queue } from './queue.js'
import type { Kind, OwnToken, Transport, TransportOptions } from './transport.js'

/** A call whose arguments are encoded: what is left is to send it. */
type Prepared = (ts?: string) => Promise<unknown>
type Prepare = (kind: Kind, reference: unknown, args: unknown) => Prepared | Promise<Prepared>

/** What both clients have in common: the transport, fetched with the first call; one queue for mutations; one fence per call. */
export class Base {
  readonly session: Session<any> | undefined
  closed = false
  readonly #queue = new Queue()
  #transport: Transport | undefined
  #loading: Promise<Transport> | undefined
  readonly #make: () => Promise<Transport>

  constructor(address: string | undefined, options: TransportOptions, ownToken: OwnToken) {
    this.session = options.session
    this.#make = async () => new (await import('./transport.js')).Transport(address, options, ownToken)
  }

  call(kind: Kind, reference: unknown, args: unknown, skipQueue?: boolean): Promise<any> {
    return this.#fenced((prepare, guard) => {
      const prepared = prepare(kind, reference, args)
      const send = async () => {
        const run = await prepared
        guard.check()
        return run()
      }
      // In the queue from the moment of the call: the order of the calls is the order of the sends.
      return kind === 'mutation' && !skipQueue ? this.#queue.add(send) : send()
    })
  }

  /** A query at the time that `time` gives. */
  callAt(reference: unknown, args: unknown, time: (transport: Transport) => Promise<string>): Promise<any> {
    return this.#fenced(async (prepare, guard, load) => {
      const run = await prepare('query', reference, args)
      const ts = await time(await load())
      guard.check()
      return run(ts)
    })
  }

  check = async (): Promise<Finding[]> => (await this.#load()).check()

  /** With a session the token is its business. */
  ownToken(): void {
    const message = 'convex: this client takes its token from its session; make a client without `session` to set one by hand'
    if (this.session) throw new CountersignError('option_invalid', message, { backend: 'convex' })
  }

  /** A call that waits here (for the transport, for its turn) must not be sent as somebody who was not there when it was made. */
  async #fenced<R>(act: (prepare: Prepare, guard: Fence, load: () => Promise<Transport>) => Promise<R>): Promise<R> {
    if (this.closed) throw new CountersignError('disposed', 'convex: this client was closed', { backend: 'convex' })
    const guard = fence(this.session, 'convex')
    try {
      // Encoded at once where that is possible: the caller may change its objects afterwards.
      const prepare: Prepare = (...call) => this.#transport?.prepare(...call) ?? this.#prepareLater(...call)
      return await act(prepare, guard, () => this.#load())
    } finally {
      guard.end()
    }
  }

  #prepareLater(kind: Kind, reference: unknown, args: unknown): Promise<Prepared> {
    const prepared = this.#load().then((transport) => transport.prepare(kind, reference, args))
    // It is awaited when its turn comes; until then a refused argument is nobody's unhandled rejection.
    prepared.catch(() => undefined)
    return prepared
  }

  #load(): Promise<Transport> {
    return (this.#loading ??= this.#make().then(
      (transport) => (this.#transport = transport),
      (error: unknown) => {
        this.#loading = undefined
        throw new CountersignError('network', 'convex: a part of countersign could not be loaded', { backend: 'convex', cause: error })
      },
    ))
  }
}
