// The recipes of ./recipes are code of a page: `@/lib/backends` is the page's own file, and each import of `recipe` is a page of its own.
import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)

/** What `@/lib/backends` has, by page. @type {Map<string, { hasura: any, session: any }>} */
const pages = (globalThis[Symbol.for('pages of recipes')] = new Map())
let made = 0

/**
 * A recipe as it is in a page with this client and this session.
 * @param {string} file of ./recipes @param {{ hasura: any, session: any }} backends @param {number} [apollo] 3: the version of Apollo Client, where the code is the same
 */
export const recipe = async (file, backends, apollo = 4) => {
  const page = `?page=${++made}&apollo=${apollo}`
  pages.set(page, backends)
  return import(`./recipes/${file}${page}`)
}

/** The addresses that the recipes read from the environment. @param {string} endpoint of /v1/graphql */
export const addresses = (endpoint) => {
  process.env.NEXT_PUBLIC_HASURA_URL = endpoint
  process.env.NEXT_PUBLIC_HASURA_RELAY_URL = endpoint.replace('/v1/graphql', '/v1beta1/relay')
}
