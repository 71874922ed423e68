export { cached, calls, misses } from './tokens.js'
export { overhead } from './fetching.js'
export { decode, encode, stream } from './fauna.js'
export { hours } from './hours.js'
