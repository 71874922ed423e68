// A socket of a connection, from the wish to its end, and the token it was opened with.
import { CountersignError } from '../errors.js'
import type { Lease, Session } from '../types.js'
import type { Wire } from './wire.js'

export interface Line {
  readonly control: AbortController
  lease?: Lease
  /** Settles when there is a better token than `lease`. Until `connection_init` is sent, that one takes its place. */
  renewal?: Promise<void>
  /** `connection_init` is sent. */
  sent?: boolean
  retry: boolean
  wire?: Wire
  /** The machine knows that it is over; the socket's own end is still to come. */
  over?: boolean
}

const changed = () => new CountersignError('identity_changed', 'hasura: the user changed while the socket was opened', { backend: 'hasura' })

/**
 * Waits for a token for it.
 * @param renewed  there is a better one than that with which it was opened
 */
export const lend = async (session: Session<any>, { template, anonymous }: { template?: string | undefined; anonymous?: boolean | undefined }, line: Line, renewed: () => void): Promise<void> => {
  const leases = session.leases(template!, { signal: line.control.signal })[Symbol.asyncIterator]()
  const first = await leases.next().catch((error: unknown) => {
    if (anonymous && CountersignError.is(error, 'signed_out')) return undefined
    throw error
  })
  if (!first) return
  // Leases end with the identity and with the session. Whoever owns this hears of both; nothing is asked without a token in between.
  if (first.done) throw changed()
  const follow = async (lease: Lease): Promise<void> => {
    line.lease = lease
    const next = (line.renewal = leases.next().then(async ({ done, value }) => {
      if (done) throw changed()
      if (!line.sent) return follow(value)
      renewed()
    }))
    // The token is used until it expires; whoever connects next hears what is wrong.
    next.catch(() => {})
  }
  void follow(first.value)
}
