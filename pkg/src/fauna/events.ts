// What streams, feeds and live sets load: one file, because each of them needs most of it.
export { follow } from './follow-set.js'
export { feeder } from './feeding.js'
export { subscribe } from './subscribe.js'
