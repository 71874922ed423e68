// What an authorised request costs over a bare one.
import { createSession } from 'countersign'
import { assert, jwt, median, order, provider } from './kit.js'

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
  const contenders = { ours: () => session.fetch(url), peer: bare, again: bare, guarded }
  const names = Object.keys(contenders)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  const warm = 150
  for (let i = 0; i < requests + warm; i++)
    for (const name of order(names, i)) {
      const at = performance.now()
      const response = await contenders[name]()
      const body = await response.json()
      const took = performance.now() - at
      assert(response.status === 200 && body.rows.length === 12, `${name}: HTTP ${response.status}`)
      if (i >= warm) times[name].push(took)
    }
  session.dispose()
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
}
