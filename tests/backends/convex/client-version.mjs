import { badRequest, RequestError } from './errors.mjs'

const SEMVER = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/

/** Below these the real server refuses to talk. */
const SUPPORTED_FROM = { npm: [0, 19, 2], 'npm-cli': [0, 19, 2], actions: [0, 19, 2] }
/** Below these, results are in the encoded format when none is asked for. */
const CLEAN_BY_DEFAULT_FROM = { npm: [1, 4, 1], 'npm-cli': [1, 4, 1], actions: [1, 4, 1], python: [0, 5, 0] }

const below = (/** @type {number[]} */ version, /** @type {number[] | undefined} */ bound) => {
  if (!bound) return false
  const at = version.findIndex((part, i) => part !== bound[i])
  return at !== -1 && version[at] < bound[at]
}

/**
 * Reads `Convex-Client: <name>-<semver>`: the longest suffix that is a version, the rest is the name. Unknown names are welcome.
 * @param {string | undefined} header
 * @returns {{ client: string, defaultFormat: import('./values.mjs').Format }}
 */
export function parseClientVersion(header) {
  if (header === undefined) return { client: 'unknown', defaultFormat: 'clean' }
  const pieces = header.split('-')
  if (pieces.length < 2) {
    throw badRequest('InvalidVersion', `Failed to parse client version string: '${header}'. Expected format is {client_name}-{semver}, e.g. my-esolang-client-0.0.1`)
  }
  let at = 1
  while (at < pieces.length && !SEMVER.test(pieces.slice(at).join('-'))) at += 1
  const match = SEMVER.exec(pieces.slice(at).join('-'))
  const client = match ? pieces.slice(0, at).join('-').toLowerCase() : pieces[0].toLowerCase()
  // A version nobody can read is taken for an ancient one.
  const version = match ? [Number(match[1]), Number(match[2]), Number(match[3])] : [0, 0, 0]
  if (below(version, SUPPORTED_FROM[client])) {
    const message = `The Convex ${client} client at version ${pieces.slice(match ? at : 1).join('-')} is no longer supported. Update to a newer version.`
    throw new RequestError(400, 'ClientVersionUnsupported', message, { 'x-convex-deprecation-state': 'Unsupported', 'x-convex-deprecation-message': message })
  }
  return { client, defaultFormat: below(version, CLEAN_BY_DEFAULT_FROM[client]) ? 'encoded' : 'clean' }
}
