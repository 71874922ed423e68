// A host as pkg/src/core/session.ts is one, recording: the wasm side under test is the real one.
export class TestHost {
  constructor() {
    this.log = []
    this.settled = new Map()
    this.sent = new Map()
    this.mirrors = new Map()
  }
  ask(flight, key, force, reason) {
    this.log.push(`ask ${flight} ${key} ${force} ${reason}`)
  }
  drop(flight) {
    this.log.push(`drop ${flight}`)
  }
  give(id, value) {
    this.settled.set(id, value === undefined ? 'delivered' : value)
  }
  lend(id, token, notAfter, lease) {
    this.settled.set(id, `${token}#${lease}`)
  }
  fail(id, why) {
    this.settled.set(id, `why ${why}`)
  }
  send(id, token) {
    this.sent.set(id, token)
  }
  read(id) {
    this.log.push(`read ${id}`)
  }
  mirror(key, token) {
    if (token === undefined) this.mirrors.delete(key)
    else this.mirrors.set(key, token)
  }
  notice(kind, key, a) {
    this.log.push(`notice ${kind} ${key}`)
  }
  wake(after) {
    clearTimeout(this.timer)
    if (after >= 0) this.timer = setTimeout(() => this.tick?.(), after)
  }
  fence() {
    this.log.push('fence')
  }
  now() {
    return performance.now()
  }
}

export const newHost = () => new TestHost()
export const onTick = (host, tick) => void (host.tick = tick)
export const log = (host) => host.log.join('\n')
export const settled = (host, id) => String(host.settled.get(id))
export const mirrored = (host, key) => String(host.mirrors.get(key))
export const sent = (host, id) => String(host.sent.get(id))
export const wait = (ms) => new Promise((done) => setTimeout(done, ms))
export const jwt = (seconds, jti) => {
  const b = (v) => btoa(JSON.stringify(v)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const now = Math.floor(Date.now() / 1000)
  return `${b({ alg: 'RS256' })}.${b({ iat: now, exp: now + seconds, sub: 'alice', jti })}.c2ln`
}
