import { channel, type Channel } from '../internal.js'
import type { Finding, Session } from '../types.js'
import type { BridgeConfig, DbLike } from './bridge.js'
import { DbPort } from './db-port.js'
import { checkup, explainer } from './doctor.js'
import { Follower } from './follower.js'
import { indexedDbStore } from './storage.js'
import type { BridgeState } from './watch.js'

/** The lazy half of `bridge()`. */
export const followDb = (db: DbLike, config: BridgeConfig<any>, show: (state: BridgeState) => void): { follower: Follower; check(last?: Error): Promise<Finding[]> } => {
  const session = config.session as Session<any>
  let opened: Channel | undefined
  // The db has the address; this channel sends nothing, and its host cannot exist.
  const open = () => (opened ??= channel({ ...config, session, backend: 'instant', bare: true, endpoint: () => new URL('https://db.invalid') }))
  const port = new DbPort(db, config.clientName, indexedDbStore(), explainer(open))
  return { follower: new Follower(session, config.template, port, show), check: (last) => checkup(open, last) }
}
