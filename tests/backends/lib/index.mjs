export { BadJson, serve } from './server.mjs'
export { cors, DEFAULT_PAGE_ORIGINS } from './cors.mjs'
export { delay } from './delay.mjs'
export { bearer, peek, remoteKeys, verifyJwt } from './jwt.mjs'
