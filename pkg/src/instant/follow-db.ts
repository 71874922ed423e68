import { channel, type Channel } from '../internal.js'
import type { Finding, Session } from '../types.js'
import type { BridgeConfig, DbLike } from './bridge.js'
import { DbPort } from './db-port.js'
import { advisor, checkup } from './doctor.js'
import { Follower } from './follower.js'
import { issuerOf } from './id-token.js'
import { indexedDbStore } from './storage.js'
import { Tabs } from './tabs.js'
import type { BridgeState } from './watch.js'

/** The lazy half of `bridge()`. */
export const followDb = (db: DbLike, config: BridgeConfig<any>, show: (state: BridgeState) => void): { follower: Follower; check(last?: Error): Promise<Finding[]> } => {
  const session = config.session as Session<any>
  const issuer = config.issuer ?? issuerOf(config.publishableKey)
  let opened: Channel | undefined
  // The db has the address; this channel sends nothing, and its host cannot exist.
  const open = () => (opened ??= channel({ ...config, issuer, session, backend: 'instant', bare: true, endpoint: () => new URL('https://db.invalid') }))
  const port = new DbPort(db, config.clientName, indexedDbStore(), advisor(open, issuer, config.logger))
  return { follower: new Follower(session, config.template, port, show, new Tabs(port.key)), check: (last) => checkup(open, last) }
}
