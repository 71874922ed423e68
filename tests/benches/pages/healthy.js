// Uses the page it is given as an app would, against answers that are all good; the server notes which files that took.
import { jwt } from './kit.js'

/** A signed-in Clerk, as far as a session looks at one. */
const clerk = () => {
  const session = { id: 'sess_bench', getToken: async () => jwt({ email_verified: true, sub: 'user_bench' }) }
  const resources = { session, user: { id: 'user_bench' }, organization: null }
  return {
    ...resources,
    loaded: true,
    addListener(listener) {
      listener(resources)
      return () => {}
    },
    signOut: async () => undefined,
  }
}

/** The first value of a live query, and the end of it. */
const first = (live) => new Promise((resolve, reject) => {
  const stop = live.subscribe({
    next(value) {
      resolve(value)
      queueMicrotask(() => stop())
    },
    error: reject,
  })
})

/** @param {any} app  what the page exports @param {{ live: boolean }} how `live`: it has a live query, too @returns {Promise<string[]>} who answered */
export const healthy = async (app, { live }) => {
  const at = location.origin
  const session = app.clerkSession(clerk(), { templates: { fauna: 'fauna', hasura: 'hasura', convex: 'convex', instant: {} }, name: 'healthy' })
  const asked = []
  const hasura = new app.HasuraClient({ session, template: 'hasura', endpoint: `${at}/v1/graphql` })
  if ((await hasura.request('{ messages { id } }')).messages.length === 1) asked.push('hasura')
  if (live && (await first(hasura.live('subscription { orders { id } }'))).orders.length === 1) asked.push('hasura live')
  if (!app.Client) return asked
  const fauna = new app.Client({ session, template: 'fauna', endpoint: at })
  if ((await fauna.query(app.fql`'Hello World!'`)).data === 'Hello World!') asked.push('fauna')
  const convex = new app.ConvexClient(at, { session, template: 'convex' })
  if ((await convex.query('messages:list', {})).length === 1) asked.push('convex')
  const db = app.init({ session, template: 'instant', clientName: 'clerk', appId: '5c8bd7b5-0f54-4b8f-8a5e-0c0a51fe5a11', apiURI: at, storage: 'memory' })
  if ((await db.queryOnce({ todos: {} })).data.todos.length === 1) asked.push('instant')
  return asked
}

/** Asks one query, and then for the first event of a stream. @param {any} app a page with a Fauna client @param {() => void} asked told between the two */
export const fauna = async (app, asked) => {
  const endpoint = new URL(location.origin)
  const session = app.clerkSession?.(clerk(), { templates: { fauna: 'fauna' }, name: 'fauna' })
  const client = new app.Client(session ? { session, template: 'fauna', endpoint: endpoint.origin } : { secret: jwt(), endpoint })
  if ((await client.query(app.fql`'Hello World!'`)).data !== 'Hello World!') throw new Error('not the answer')
  await asked()
  const stream = client.stream({ token: '1' })
  for await (const { data } of stream) {
    if (data.total !== 0) throw new Error('not the event')
    break
  }
  stream.close()
}
