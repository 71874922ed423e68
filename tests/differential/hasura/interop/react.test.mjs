// The recipes for React, rendered: what each user sees, from render to render.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../place.mjs'
import { LIST, LIVE } from './clients/documents.mjs'
import { serve } from './page.mjs'
import { recipe } from './recipe.mjs'

/** @type {typeof import('../../../package/react-world.mjs')} */
let world
// Where there is a document already, PGlite takes this for a page.
const shared = serve(async () => (world = await import('../../../package/react-world.mjs')))

/**
 * A page with something in it, and everything that it ever showed: `[who, text]`.
 * @param {import('node:test').TestContext} t @param {(page: any) => Promise<(room: string) => any>} make
 */
const open = async (t, make) => {
  const page = shared.page(t)
  const { CountersignProvider, h, mount, React, useIdentityKey } = world
  const element = (await make(page))(page.room)
  const shown = /** @type {[string | null | undefined, string][]} */ ([])
  const Watch = () => {
    const me = useIdentityKey()
    React.useEffect(() => {
      const look = () => shown.push([page.session.identityKey, document.body.textContent])
      look()
      const observer = new world.dom.window.MutationObserver(look)
      observer.observe(document.body, { childList: true, characterData: true, subtree: true })
      return () => observer.disconnect()
    }, [me])
    return null
  }
  const { host } = await mount(t, h(CountersignProvider, { session: page.session }, h(Watch), element))
  return { ...page, host, shown, shows: (/** @type {string} */ text) => until(() => host.textContent === text).catch(() => assert.equal(host.textContent, text)) }
}

const swr = async (/** @type {any} */ page) => {
  const { useHasura, useHasuraLive } = await recipe('swr.ts', page)
  const { h } = world
  const lines = (/** @type {any} */ { data, error }) => error?.code ?? data?.messages.map((/** @type {any} */ { body }) => body).join() ?? '…'
  const Once = ({ room = '', query = LIST }) => h('p', null, `once ${lines(useHasura(query, { room }))}`)
  const Live = ({ room = '' }) => h('p', null, ` live ${lines(useHasuraLive(LIVE, { room }))}`)
  return { Once, Live, both: (/** @type {string} */ room) => [h(Once, { key: 1, room }), h(Live, { key: 2, room })] }
}

test('SWR: each user sees their own rows, and at no time those of another; who is signed out sees none', async (t) => {
  const page = await open(t, async (page) => (await swr(page)).both)
  await page.shows('once  live ')
  await shared.write(page.room, 'user_alice', 'of Alice')
  await shared.write(page.room, 'user_bob', 'of Bob')
  await page.shows('once  live of Alice')
  const alice = page.session.identityKey
  await page.become('user_bob')
  await page.shows('once of Bob live of Bob')
  await page.become(null)
  await page.shows('once … live …')
  for (const [who, text] of page.shown) if (who !== alice) assert.doesNotMatch(text, /Alice/)
  await until(() => !shared.place.hasura.sockets.some(({ open }) => open))
})

test('SWR: many keys and a refused token are one call of the provider; an error of Hasura is the hook’s', async (t) => {
  const page = await open(t, async (page) => {
    const { Once } = await swr(page)
    shared.place.hasura.knobs.clockOffsetS = 120
    page.account.instead = () => {
      // The first one is over by the server's clock.
      page.account.instead = null
      page.account.lifetimeS = 600
      const now = Math.floor(Date.now() / 1000)
      return shared.place.issuer.token('user_alice', { iat: now, nbf: now - 5, exp: now + 60, jti: page.room })
    }
    return (room) => [...['a', 'b', 'c'].map((each) => world.h(Once, { key: each, room: room + each })), world.h(Once, { key: 'd', query: '{ nonsense }' })]
  })
  await page.shows('once once once once validation-failed')
  assert.deepEqual(page.account.calls.map(({ force }) => force), [false, true])
})

test('Apollo’s hooks: each user sees their own rows, and at no time those of another', async (t) => {
  const page = await open(t, async (page) => {
    const { default: Page } = await recipe('apollo-page.tsx', page)
    return (room) => world.h(Page, { room })
  })
  await shared.write(page.room, 'user_alice', 'of Alice')
  await page.shows('of Alice')
  const alice = page.session.identityKey
  await shared.write(page.room, 'user_bob', 'of Bob')
  await page.become('user_bob')
  await page.shows('of Bob')
  await shared.write(page.room, 'user_alice', 'of Alice, later')
  await shared.write(page.room, 'user_bob', ' and more')
  await page.shows('of Bob and more')
  await page.become(null)
  await page.shows('Please sign in')
  for (const [who, text] of page.shown) if (who !== alice) assert.doesNotMatch(text, /Alice/)
})
