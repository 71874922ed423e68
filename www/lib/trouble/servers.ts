// The knobs of the local issuers and backends (tests/backends). Real services have none: what needs them says so.
import { clerkIsLocal } from '../clerk'
import { config } from '../config'
import { source } from '../source'
import { setSlept, slept } from './clock'
import { network } from './network'

const isLocal = (address: string) => /^http:\/\/(127\.0\.0\.1|localhost)\b/.test(address)
const origin = (address: string) => new URL(address).origin

export const SERVERS = {
  clerk: origin(config.clerk.issuer), auth0: config.auth0.isLocal ? origin(config.auth0.domain) : '',
  fauna: origin(config.fauna.endpoint), hasura: origin(config.hasura.endpoint), convex: origin(config.convex.url), instant: origin(config.instant.apiURI),
}
export type Server = keyof typeof SERVERS

const ISSUERS = ['clerk', 'auth0'] as const
export const DATABASES = ['fauna', 'hasura', 'convex', 'instant'] as const

/** Everything is at hand: both issuers and all four backends are the local ones. */
export const allLocal = clerkIsLocal && config.auth0.isLocal && Object.values(SERVERS).every(isLocal)

async function post(server: Server, path: string, body: object): Promise<any> {
  let response: Response
  try {
    response = await network(SERVERS[server] + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  } catch {
    throw new Error(`The local ${server} does not answer. Is \`npm run demo\` still running?`)
  }
  if (!response.ok) throw new Error(`The local ${server} answered ${response.status}.`)
  return response.json()
}

export const turn = (server: Server, knobs: object) => post(server, '/__knobs', knobs)

export interface Entry { at: string; method: string; path: string; status: number | null }
export const logOf = async (server: Server): Promise<Entry[]> => (await network(`${SERVERS[server]}/__log`)).json()

/** Servers that look at a clock of their own to judge a token. Convex and Instant only ask whether it has expired. */
const CLOCKS = ['clerk', 'auth0', 'fauna', 'hasura'] as const
const setClocks = (ms: number) => Promise.all(CLOCKS.map((server) => turn(server, { clockOffsetS: ms / 1000 })))

/** So long passes everywhere, and on no monotonic clock. */
export async function sleep(ms: number): Promise<void> {
  const until = slept.get() + ms
  await setClocks(until)
  setSlept(until)
}

/** Everybody's clock is right again. */
export async function unsleep(): Promise<void> {
  setSlept(0)
  await setClocks(0)
}

let holding = false
/** Every backend keeps its answers for so long; 0 lets go what is kept. */
export async function hold(ms: number): Promise<void> {
  holding = ms > 0
  await Promise.all(DATABASES.map((server) => turn(server, { holdMs: ms })))
}

/** A page that is closed in the middle of it must not leave the servers in the future, or with their hands full. */
export function leaveServersWell(): void {
  const beacon = (server: Server, knobs: object) => navigator.sendBeacon(`${SERVERS[server]}/__knobs`, JSON.stringify(knobs))
  if (slept.get()) for (const server of CLOCKS) beacon(server, { clockOffsetS: 0 })
  if (holding) for (const server of DATABASES) beacon(server, { holdMs: 0 })
}

/** New signing keys at both issuers, the old ones gone at once; whoever keeps a key set looks again. */
export async function rotateKeys(): Promise<void> {
  await Promise.all(ISSUERS.map((server) => post(server, '/__rotate', { dropOld: true })))
  await Promise.all([turn('hasura', { refetchKeys: true }), turn('instant', { forgetKeys: true })])
}

/** The next request to each backend is told that its token is no good. */
export const refuseNext = () => Promise.all(DATABASES.map((server) => turn(server, { rejectNext: 1 }))).then(() => undefined)

const SOCKETS = {
  drop: { drop: true },
  restart: { restart: 'shutting server down' },
  refuse: { refuseInit: 1, drop: true },
  freeze: { freeze: true },
} as const
export type SocketTrouble = keyof typeof SOCKETS
/** What happens to every socket of the local Hasura that is open now. */
export const troubleSockets = (kind: SocketTrouble) => turn('hasura', SOCKETS[kind]).then(() => undefined)

/** Ends the user's sessions at the issuer. Nobody tells the page. */
export const endSessions = (sub: string) => post(source.get(), '/__revoke', { user: sub })
