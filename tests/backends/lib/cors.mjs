export const DEFAULT_PAGE_ORIGINS = ['http://127.0.0.1:3000', 'http://localhost:3000']

/**
 * CORS headers as a function for `serve({ cors })`.
 * @param {object} options
 * @param {'*' | 'echo' | string[]} options.origins   `*`; whatever asks; or a list (others get no header and are blocked)
 * @param {boolean} [options.credentials]
 * @param {string} [options.methods]
 * @param {string | 'echo'} [options.allowHeaders]   `echo` (default) allows what the preflight asks for
 * @param {string} [options.exposeHeaders]
 * @param {number} [options.maxAge]
 * @returns {(req: import('./server.mjs').Request) => Record<string, string>}
 */
export function cors({ origins, credentials = false, methods = 'GET, POST, PUT, PATCH, DELETE', allowHeaders = 'echo', exposeHeaders, maxAge }) {
  return (req) => {
    const origin = req.headers.origin
    if (!origin) return {}
    if (Array.isArray(origins) && !origins.includes(origin)) return { vary: 'origin' }
    /** @type {Record<string, string>} */
    const headers = origins === '*' && !credentials
      ? { 'access-control-allow-origin': '*' }
      : { 'access-control-allow-origin': origin, vary: 'origin' }
    if (credentials) headers['access-control-allow-credentials'] = 'true'
    if (exposeHeaders) headers['access-control-expose-headers'] = exposeHeaders
    if (req.method === 'OPTIONS') {
      headers['access-control-allow-methods'] = methods
      const asked = req.headers['access-control-request-headers']
      const allowed = allowHeaders === 'echo' ? asked : allowHeaders
      if (allowed) headers['access-control-allow-headers'] = allowed
      if (maxAge !== undefined) headers['access-control-max-age'] = String(maxAge)
    }
    return headers
  }
}
