import { CountersignError } from './errors.js'
import { resolveEndpoint } from './internal.js'
import type { Endpoint } from './types.js'

const local = /^(\[::1\]|127(\.\d+){3}|(.+\.)?localhost)$/

/** Whether a URL is of this machine, where plain text is no danger and which is there without a network. */
export const isLocal = (url: URL): boolean => local.test(url.hostname)

/**
 * The URL of a socket that carries a token: wss, or ws on this machine.
 * @param option what it is called, for errors
 */
export const socketUrl = (value: Endpoint, option: string, insecure: boolean | undefined, backend = 'hasura'): URL => {
  const url = resolveEndpoint(value, option, backend)
  url.protocol = url.protocol.replace(/^http/, 'ws')
  if (url.protocol === 'wss:' || (url.protocol === 'ws:' && (insecure || isLocal(url)))) return url
  throw new CountersignError('origin_not_allowed', `${backend}: \`${option}\` is not encrypted (${url.protocol}//${url.host}); a token goes over wss:, or over ws: to this machine only`, { backend })
}
