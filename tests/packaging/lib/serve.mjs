// Two tiny servers: files of a folder under a Content Security Policy, and the JSON that authorised requests are answered with.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.wasm': 'application/wasm' }

export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
export const FOREIGN_ONLY = (/** @type {string} */ api) => `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src ${api}`
export const WITHOUT_WASM = "default-src 'none'; script-src 'self'; connect-src 'self'"

/**
 * Answers the JSON routes for any origin and, with `folder`, its files.
 * @param {{ folder?: string, csp?: string }} [options]
 */
export async function serve({ folder, csp } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const origin = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization, content-type, accept' }
    if (request.method === 'OPTIONS') return void response.writeHead(204, origin).end()
    if (pathname === '/data/echo.json' || pathname === '/graphql') {
      const authorization = request.headers.authorization ?? null
      const body = pathname === '/graphql' ? { data: { authorization } } : { authorization }
      request.resume()
      return void response.writeHead(200, { ...origin, 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const path = normalize(decodeURIComponent(pathname))
    const bytes = folder && !path.includes('..') ? await readFile(join(folder, path.endsWith('/') ? `${path}index.html` : path)).catch(() => undefined) : undefined
    if (!bytes) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream', ...(csp ? { 'content-security-policy': csp } : {}) }).end(bytes)
  })
  await new Promise((resolve, reject) => void server.once('error', reject).listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    }),
  }
}
