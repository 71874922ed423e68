// The same app in a service worker, which may not import() anything: the core is part of countersign/static.
import { createSession } from 'countersign/static'
import { drive } from './drive.js'

const answer = drive(createSession)
globalThis.oninstall = () => globalThis.skipWaiting()
globalThis.onactivate = (event) => event.waitUntil(globalThis.clients.claim())
globalThis.onmessage = (event) => event.waitUntil(answer(event))
