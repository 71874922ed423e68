// What the leak pages share: an auth library, a network that answers at once, and ways to end a call.

const url64 = (value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
let made = 0

export const jwt = (sub) => {
  const now = Math.floor(Date.now() / 1000)
  return `${url64({ alg: 'RS256', kid: 'leaks' })}.${url64({ iss: 'https://issuer.example/', sub, iat: now, exp: now + 3600, jti: `${++made}` })}.${url64('unsigned')}`
}

/** An auth library that does what it is told to do next. */
export const library = () => {
  const self = {
    user: /** @type {string | null} */ ('alice'), asked: 0, next: 'answer', listening: 0,
    report: /** @type {((identity: unknown) => void) | undefined} */ (undefined),
    switch(user) {
      self.user = user
      self.report?.(user && { user })
    },
    provider: {
      comparable: true,
      getToken(request) {
        self.asked++
        if (self.next === 'hang') return new Promise(() => {})
        if (self.next === 'listen') return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
        if (self.next === 'throw') throw new Error('thrown')
        if (self.next === 'reject') return Promise.reject(new Error('rejected'))
        return self.user && jwt(self.user)
      },
      watch(report) {
        self.listening++
        self.report = report
        report(self.user && { user: self.user })
        return () => {
          self.listening--
          if (self.report === report) self.report = undefined
        }
      },
    },
  }
  return self
}

/** `fetch` without a network: what a path says. A request that hangs ends with its signal, as the platform's does. */
export const network = () => {
  const sent = { count: 0 }
  globalThis.fetch = async (input, init) => {
    sent.count++
    const { pathname } = new URL(String(input))
    const { signal } = init
    signal?.throwIfAborted()
    if (pathname === '/hang') return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
    if (pathname === '/lost') throw new TypeError('Failed to fetch')
    return new Response('{"n":1}', { status: pathname === '/401' ? 401 : 200, headers: { 'content-type': 'application/json' } })
  }
  return sent
}

export const turn = () => new Promise((resolve) => setTimeout(resolve))

/** The code that a promise rejects with, or what it is instead. */
export const code = (promise) => promise.then((value) => (value instanceof Response ? String(value.status) : value === null ? 'null' : 'token'), (error) => (error instanceof DOMException ? error.name : (error.code ?? String(error))))

/** Counts how often each ending occurred. */
export const tally = (into, ends) => {
  for (const end of ends) into[end] = (into[end] ?? 0) + 1
}
