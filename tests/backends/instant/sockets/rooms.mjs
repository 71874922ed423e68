// Rooms: who is in them and what each says of themselves. Newer clients are told the differences, others the whole room.
import { invalid } from '../errors.mjs'
import { publicUser } from './ops.mjs'

/**
 * @typedef {import('./session.mjs').Session} Session
 * @typedef {{ 'peer-id': string, 'instance-id': string, user: { id: string } | null, data: any }} Peer
 * @typedef {[path: (string | number)[], op: '+' | 'r' | '-', value?: any]} Edit
 */

export class Rooms {
  constructor() {
    /** @type {Map<string, Map<Session, Peer>>} */
    this.rooms = new Map()
  }

  /** @param {Session} session @param {string} room @param {any} data @returns {() => void} what tells everybody, for after the answer */
  join(session, room, data) {
    const peers = this.rooms.get(room) ?? new Map()
    this.rooms.set(room, peers)
    const before = shown(peers)
    const known = peers.get(session)
    peers.set(session, { 'peer-id': session.id, 'instance-id': 'local', user: publicUser(session), data: data ?? known?.data ?? {} })
    return () => this.tell(room, peers, before, known ? undefined : session)
  }

  /** @param {Session} session @param {string} room */
  leave(session, room) {
    const peers = this.rooms.get(room)
    if (!peers?.has(session)) return
    const before = shown(peers)
    peers.delete(session)
    if (peers.size === 0) this.rooms.delete(room)
    this.tell(room, peers, before)
  }

  /** @param {Session} session */
  leaveAll(session) {
    for (const room of [...this.rooms.keys()]) this.leave(session, room)
  }

  /** @param {Session} session @param {string} room @param {any} data all of it, not a part @returns {() => void} what tells everybody */
  set(session, room, data) {
    const peers = this.inside(session, room)
    const before = shown(peers)
    peers.set(session, { .../** @type {Peer} */ (peers.get(session)), data: data ?? {} })
    return () => this.tell(room, peers, before)
  }

  /** @param {Session} session @param {{ 'room-id': string, topic: string, data: any }} said */
  broadcast(session, said) {
    for (const peer of this.inside(session, said['room-id']).keys()) if (peer !== session) peer.send({ op: 'server-broadcast', ...said })
  }

  /** @param {Session} session @param {string} room @returns {Map<Session, Peer>} */
  inside(session, room) {
    const peers = this.rooms.get(room)
    if (!peers?.has(session)) throw invalid('room', { 'app-id': session.place.appId, 'room-id': room, 'session-id': session.id }, ['You have not entered this room yet.'])
    return peers
  }

  /** @param {string} room @param {Map<Session, Peer>} peers @param {Record<string, Peer>} before @param {Session} [joiner] has nothing to apply differences to */
  tell(room, peers, before, joiner) {
    const data = shown(peers)
    const edits = differences(before, data)
    for (const session of peers.keys()) {
      if (session === joiner || !session.features.patchPresence) {
        if (session === joiner || edits.length) session.send({ op: 'refresh-presence', 'room-id': room, data })
      } else if (edits.length) session.send({ op: 'patch-presence', 'room-id': room, edits })
    }
  }
}

/** @param {Map<Session, Peer>} peers @returns {Record<string, Peer>} */
const shown = (peers) => Object.fromEntries([...peers].map(([session, peer]) => [session.id, peer]))

/** What turns one value into the other, step by step. @param {any} old @param {any} now @param {(string | number)[]} [path] @returns {Edit[]} */
export function differences(old, now, path = []) {
  if (JSON.stringify(old) === JSON.stringify(now)) return []
  if (Array.isArray(old) && Array.isArray(now)) {
    const common = Math.min(old.length, now.length)
    return [
      ...now.slice(0, common).flatMap((value, i) => differences(old[i], value, [...path, i])),
      // From the end, so that the places of those before stay what they are.
      ...old.slice(common).map((_, i) => /** @type {Edit} */ ([[...path, old.length - 1 - i], '-'])),
      ...now.slice(common).map((value, i) => /** @type {Edit} */ ([[...path, common + i], '+', value])),
    ]
  }
  const plain = (/** @type {any} */ v) => v !== null && typeof v === 'object' && !Array.isArray(v)
  if (!plain(old) || !plain(now)) return [[path, 'r', now]]
  return [
    ...Object.keys(old).filter((key) => !Object.hasOwn(now, key)).map((key) => /** @type {Edit} */ ([[...path, key], '-'])),
    ...Object.entries(now).flatMap(([key, value]) => (Object.hasOwn(old, key) ? differences(old[key], value, [...path, key]) : [/** @type {Edit} */ ([[...path, key], '+', value])])),
  ]
}
