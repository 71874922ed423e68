// The token manager's rows: a hit, ten thousand misses at once, a million calls.
import { createSession } from 'countersign'
import { auth0, granted } from './auth0.js'
import { assert, interleave, jwt, provider } from './kit.js'

/** Nanoseconds per cached call. Each contender has a loop of its own: one loop for all would be compiled for none. */
export const cached = async ({ rounds, calls }) => {
  let asked = 0
  const session = createSession({ ...provider(async () => (asked++, jwt())), templates: { bench: 'bench' }, name: 'cached' })
  const token = await session.getToken('bench')
  const peer = auth0({ fresh: true, token })
  assert((await peer.getTokenSilently()) === token, 'auth0-spa-js did not answer from its cache')
  const map = new Map([['bench', token]])
  const fromMap = async (key) => map.get(key)
  const timed = new Map([['bench', { token, notAfter: Date.now() + 3_600_000 }]])
  const fromTimedMap = async (key) => {
    const hit = timed.get(key)
    return hit && Date.now() < hit.notAfter ? hit.token : null
  }
  const per = (at, count) => ((performance.now() - at) / count) * 1e6
  const times = await interleave(
    {
      async ours() {
        const at = performance.now()
        for (let i = 0; i < calls; i++) await session.getToken('bench')
        return per(at, calls)
      },
      async auth0() {
        const at = performance.now()
        for (let i = 0; i < calls; i++) await peer.getTokenSilently()
        return per(at, calls)
      },
      async map() {
        const at = performance.now()
        for (let i = 0; i < calls; i++) await fromMap('bench')
        return per(at, calls)
      },
      async timedMap() {
        const at = performance.now()
        for (let i = 0; i < calls; i++) await fromTimedMap('bench')
        return per(at, calls)
      },
    },
    { rounds, warm: 4 },
  )
  assert(asked === 1, `the provider was asked ${asked} times, not once: these were no cached calls`)
  session.dispose()
  return times
}

/** Milliseconds until ten thousand callers of a cold key have their token; both sides ask the same stubbed network once. */
export const misses = async ({ rounds, callers }) => {
  const real = globalThis.fetch
  const token = jwt()
  let requests = 0
  globalThis.fetch = async () => {
    requests++
    return Response.json(granted(token))
  }
  try {
    const session = createSession({
      ...provider(async () => (await (await fetch('https://tenant.example/oauth/token', { method: 'POST' })).json()).access_token),
      name: 'misses',
    })
    await session.getToken('warm')
    let key = 0
    let failed = 0
    const all = async (ask) => {
      requests = 0
      const at = performance.now()
      const answers = await Promise.allSettled(Array.from({ length: callers }, ask))
      const took = performance.now() - at
      failed = answers.filter((a) => a.value !== token).length
      return took
    }
    const theirs = { requests: 0, failed: 0 }
    const times = await interleave(
      {
        async ours() {
          const name = `cold-${key++}`
          const took = await all(() => session.getToken(name))
          assert(requests === 1, `${callers} concurrent callers made ${requests} provider calls`)
          assert(failed === 0, `${failed} of ${callers} callers got no token`)
          return took
        },
        async peer() {
          const client = auth0({ fresh: false, token: jwt() })
          const took = await all(() => client.getTokenSilently())
          theirs.requests = requests
          theirs.failed = failed
          return took
        },
      },
      { rounds, warm: 1 },
    )
    session.dispose()
    return { ...times, theirs }
  } finally {
    globalThis.fetch = real
  }
}

let flat

/** `count` cached reads, and one authorised request in a hundred of them: everything that a page does all day. */
export const calls = async (count) => {
  const url = `${location.origin}/api/row`
  flat ??= createSession({ ...provider(async () => jwt()), templates: { bench: 'bench' }, routes: [{ url: `${location.origin}/api/`, template: 'bench' }], name: 'flat' })
  const real = globalThis.fetch
  let sent = 0
  globalThis.fetch = async () => (sent++, new Response('{"ok":true}', { headers: { 'content-type': 'application/json' } }))
  try {
    for (let i = 1; i <= count; i++) {
      if (i % 100) await flat.getToken('bench')
      else await (await flat.fetch(url, { signal: new AbortController().signal })).json()
      // A page has turns of the event loop; without one nothing that waits for a task is ever cleaned up.
      if (i % 10_000 === 0) await new Promise((resolve) => setTimeout(resolve))
    }
  } finally {
    globalThis.fetch = real
  }
  return sent
}
