// Files: put and deleted over HTTP, listed by a query of `$files`, their bytes behind the `url` of each.
import { randomUUID } from 'node:crypto'
import { asText, asUuid, denied, optional, param } from './errors.mjs'
import { bearer } from '../lib/index.mjs'
import { readable, writable } from './params.mjs'
import { ownsFile } from './schema.mjs'

/** @typedef {import('./schema.mjs').Auth} Auth */

const BYTES = '/storage/local/'

/**
 * @param {object} options
 * @param {ReturnType<typeof import('./data.mjs').createData>} options.data
 * @param {Pick<ReturnType<typeof import('./auth.mjs').createAuth>, 'knownApp' | 'userOf'>} options.auth
 * @param {() => string} options.url   this server's own
 */
export function createStorage({ data, auth, url }) {
  /** @type {Map<string, { bytes: Buffer, type: string, disposition?: string }>} by the last part of their address, another one for each upload */
  const contents = new Map()
  const { store } = data
  const fileAt = (/** @type {string} */ path) => store.ofType('$files').find((row) => row.attrs.path === path)
  const forget = (/** @type {import('./schema.mjs').Row} */ row) => contents.delete(row.attrs.url.split(BYTES)[1])

  /** Nobody without a token, and the rules then say what nobody may do. @param {import('../lib/server.mjs').Request} req @param {string} app @param {Record<string, any>} knobs @returns {Auth} */
  const callerOf = (req, app, knobs) => {
    const token = bearer(req)
    return token === undefined ? null : auth.userOf(token, app, knobs)
  }

  /** @type {import('./auth.mjs').Routes} */
  const routes = {
    'PUT /storage/upload': (req, knobs) => {
      const app = auth.knownApp(param(req.headers, 'headers', req.headers.app_id === undefined ? 'app-id' : 'app_id', asUuid))
      const path = param(req.headers, 'headers', 'path', asText)
      const caller = callerOf(req, app, knobs)
      writable(knobs)
      const old = fileAt(path)
      if (!ownsFile(caller, path)) throw denied('$files', old ? 'update' : 'create')
      const at = randomUUID()
      const type = req.headers['content-type'] ?? 'application/octet-stream'
      const disposition = optional(req.headers, 'headers', 'content-disposition', asText)
      const attrs = { path, url: `${url()}${BYTES}${at}`, size: req.bytes.length, 'content-type': type, ...(disposition && { 'content-disposition': disposition }) }
      contents.set(at, { bytes: req.bytes, type, disposition })
      const id = old?.id ?? randomUUID()
      data.commit(() => {
        if (!old) return void store.insert('$files', id, attrs)
        forget(old)
        old.attrs = attrs
      })
      return { data: { id } }
    },

    'DELETE /storage/files': (req, knobs) => {
      const query = Object.fromEntries(req.url.searchParams)
      const app = auth.knownApp(param(query, 'params', 'app_id', asUuid))
      const path = param(query, 'params', 'filename', asText)
      const caller = callerOf(req, app, knobs)
      writable(knobs)
      if (!ownsFile(caller, path)) throw denied('$files', 'delete')
      const row = fileAt(path)
      if (!row) return { data: { id: null } }
      data.commit(() => {
        forget(row)
        store.remove(row)
      })
      return { data: { id: row.id } }
    },

    /** Whoever knows the address may read, as with the signed ones of the real server. */
    [`GET ${BYTES}:id`]: (req, knobs) => {
      readable(knobs)
      const found = contents.get(req.path.slice(BYTES.length))
      if (!found) return { reply: { status: 404, body: 'no such file' } }
      return { reply: { headers: { 'content-type': found.type, ...(found.disposition && { 'content-disposition': found.disposition }) }, body: found.bytes } }
    },
  }
  return { routes }
}
