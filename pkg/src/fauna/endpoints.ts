/** Names for endpoints, to be added to. */
export interface Endpoints {
  /** A server on this machine, as its container is usually started. */
  local: URL
  /** The same. */
  localhost: URL
  [key: string]: URL
}

/**
 * Names for endpoints: `endpoints.local`, and your own: `endpoints.proxy = new URL('https://...')`. There is no `default`: no host is
 * built in, so a client that is given none says `endpoint_missing`.
 */
export const endpoints: Endpoints = { local: new URL('http://localhost:8443'), localhost: new URL('http://localhost:8443') }
