// A host as pkg/src/core/session.ts is one, recording: the wasm side under test is the real one.
export class TestHost {
  constructor() {
    this.log = []
    this.settled = new Map()
    this.prepared = new Map()
    this.mirrors = new Map()
    this.follows = []
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
  prepare(id, fence, token) {
    const init = { headers: new Headers({ 'x-own': '1' }), signal: fence }
    if (token !== undefined) init.headers.set('authorization', `Bearer ${token}`)
    this.prepared.set(id, init)
    return [`https://api.test/${id}`, init]
  }
  follow(id, promise) {
    this.follows.push(
      Promise.resolve(promise).then(
        (r) => this.log.push(`response ${id} ${r.status}`),
        (e) => this.log.push(`lost ${id} ${e?.message ?? e}`),
      ),
    )
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
  fenced() {
    return new Error('fenced')
  }
}

export const newHost = () => new TestHost()
export const onTick = (host, tick) => void (host.tick = tick)
export const log = (host) => host.log.join('\n')
export const settled = (host, id) => String(host.settled.get(id))
export const mirrored = (host, key) => String(host.mirrors.get(key))
export const header = (host, id, name) => String(host.prepared.get(id)?.headers.get(name))
export const aborted = (host, id) => String(host.prepared.get(id)?.signal.reason?.message)
export const followed = (host) => Promise.all(host.follows)
export const stubFetch = (kind) => {
  globalThis.realFetch ??= globalThis.fetch
  globalThis.fetch = (input, init) => {
    if (kind === 'throw') throw 'a string, thrown at once'
    if (kind === 'reject') return Promise.reject(undefined)
    return new Promise((resolve, reject) => {
      init.signal.addEventListener('abort', () => reject(init.signal.reason))
      if (kind !== 'hang') resolve(new Response('{}', { status: Number(kind) }))
    })
  }
}
export const wait = (ms) => new Promise((done) => setTimeout(done, ms))
export const jwt = (seconds, jti) => {
  const b = (v) => btoa(JSON.stringify(v)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const now = Math.floor(Date.now() / 1000)
  return `${b({ alg: 'RS256' })}.${b({ iat: now, exp: now + seconds, sub: 'alice', jti })}.c2ln`
}
