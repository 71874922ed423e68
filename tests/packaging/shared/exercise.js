// What every cell runs, whatever bundled it: a token asked for twice, an authorised request, and a backend's client on the same core.
// It imports nothing, so that a service worker can hand in another root entry. The answer is one line.
let runs = 0

/**
 * @param {object} parts
 * @param {any} parts.countersign @param {any} parts.testing @param {any} parts.hasura   the entries as this environment loads them
 * @param {string} parts.buildId @param {string} parts.api   where the JSON server of the test listens
 * @param {() => number} parts.cores
 */
export async function exercise({ countersign, testing, hasura, buildId, api, cores }) {
  const { createSession, CountersignError } = countersign
  const { GraphQLRequestError, HasuraClient } = hasura
  try {
    const provider = testing.fakeProvider({ user: 'alice' })
    const session = createSession({ name: `packaging-${++runs}`, templates: { api: 'api' }, routes: [{ url: `${api}/data/`, template: 'api' }] })
    session.connect(provider)
    const first = await session.getToken('api')
    const second = await session.getToken('api')
    const seen = await (await session.fetch(`${api}/data/echo.json`)).json()

    // The backend's client finds the token that the root entry obtained, and throws the root entry's class.
    const client = new HasuraClient({ session, template: 'api', endpoint: `${api}/graphql` })
    const { authorization } = await client.request('{ authorization }')
    const missing = await new HasuraClient({ session, template: 'api', endpoint: undefined }).request('{ a }').catch((error) => error)
    const apart = Object.entries({
      token: authorization === `Bearer ${first}`,
      thrown: missing instanceof CountersignError && missing.code === 'endpoint_missing',
      class: Object.getPrototypeOf(GraphQLRequestError) === CountersignError,
    }).flatMap(([name, shared]) => (shared ? [] : [name]))
    session.dispose()
    return `OK calls=${provider.calls.length} same=${first === second && typeof first === 'string'} auth=${seen.authorization === `Bearer ${first}`} shared=${apart.join() || true} cores=${cores()} id=${buildId}`
  } catch (error) {
    return `FAIL code=${CountersignError.is(error) ? error.code : 'none'} ${error?.name}: ${error?.message}`
  }
}

/** The JSON server: the page's own origin, unless its address names another. @param {{ href: string }} location */
export const apiOf = ({ href }) => new URL(href).searchParams.get('api') ?? new URL(href).origin
