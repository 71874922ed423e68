// What an authorised request costs over a bare one.
import { createSession } from 'countersign'
import { assert, inTurn, jwt, provider } from './kit.js'

/**
 * Medians in milliseconds over `requests` of each, in turn. `again` is a bare request too: what it differs by is the noise of the day.
 * `guarded` is one with the options that every request of ours carries.
 */
export const overhead = async ({ requests }) => {
  const url = `${location.origin}/api/row`
  const session = createSession({ ...provider(async () => jwt()), templates: { bench: 'bench' }, routes: [{ url: `${location.origin}/api/`, template: 'bench' }], name: 'fetch' })
  const token = await session.getToken('bench')
  const bare = () => fetch(url, { headers: { authorization: `Bearer ${token}` } })
  const guarded = () => fetch(url, { headers: { authorization: `Bearer ${token}` }, redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' })
  const read = (send) => async () => {
    const response = await send()
    const body = await response.json()
    assert(response.status === 200 && body.rows.length === 12, `HTTP ${response.status}`)
  }
  const times = await inTurn({ ours: read(() => session.fetch(url)), peer: read(bare), again: read(bare), guarded: read(guarded) }, { calls: requests })
  session.dispose()
  return times
}
