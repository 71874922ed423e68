// Records what reaches it, down to the bytes, and answers as the plan says.
import { createServer } from 'node:http'
import { ANSWERS } from './cases.js'

/** Multipart bodies have a boundary of their own each time. @param {string} text */
const plain = (text) => text.replace(/-{4,}\w+(?:-\w+)*/g, 'boundary')

/** @param {(path: string) => [type: string, body: string | Uint8Array] | undefined} [page] what is served beside */
export const record = async (page) => {
  /** By `?way=`: what came, in the order in which it came. @type {Map<string, any[]>} */
  const seen = new Map()
  const server = createServer(async (request, response) => {
    const { searchParams, pathname } = new URL(request.url ?? '', 'http://test')
    const file = page?.(pathname)
    if (file) return void response.writeHead(200, { 'content-type': file[0] }).end(file[1])
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = []
    // Headers that are one to HTTP are one here: names in one case and in order. Each value is as it came.
    for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push([request.rawHeaders[i]?.toLowerCase(), plain(request.rawHeaders[i + 1] ?? '')])
    headers.sort(([a], [b]) => (a ?? '').localeCompare(b ?? ''))
    const way = searchParams.get('way') ?? ''
    seen.set(way, [...(seen.get(way) ?? []), { method: request.method, plan: searchParams.get('n'), path: pathname, headers, body: plain(Buffer.concat(chunks).toString('latin1')) }])
    const [type, body] = ANSWERS[searchParams.get('answer') ?? ''] ?? [undefined, '']
    response.writeHead(Number(searchParams.get('status') ?? 200), 'As It Likes', [...(type ? ['content-type', type] : []), 'X-Twice', 'a', 'x-twice', 'b', 'ETag', 'W/"e"'])
    response.end(body)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)))
  const origin = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`
  return { origin, seen, close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) }
}

/** Where a plan goes. @param {string} origin @param {string} way @param {number} n @param {import('./cases.js').Plan} plan */
export const address = (origin, way, n, { status, answer }) => `${origin}/v1/graphql?way=${way}&n=${n}&status=${status}&answer=${answer}`

const withoutToken = (/** @type {any} */ { headers, ...rest }) => ({ ...rest, headers: headers.filter((/** @type {string[]} */ [name]) => name !== 'authorization') })

/** The requests of a way, by plan. @param {Map<string, any[]>} seen @param {string} way @returns {Map<string, any[]>} */
export const requests = (seen, way) => {
  const out = new Map()
  for (const request of (seen.get(way) ?? []).map(withoutToken)) out.set(request.plan, [...(out.get(request.plan) ?? []), request])
  return out
}

/** Whether each request of a way carried the session's token. @param {Map<string, any[]>} seen @param {string} way */
export const allAuthorised = (seen, way) =>
  (seen.get(way) ?? []).every(({ headers }) => headers.filter((/** @type {string[]} */ [name]) => name === 'authorization').map((/** @type {string[]} */ [, value]) => /^Bearer ey/.test(value ?? '')).join() === 'true')
