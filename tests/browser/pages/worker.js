// The same app in a dedicated or a shared worker.
import { createSession } from 'countersign'
import { drive } from './drive.js'

const answer = drive(createSession)
if ('onconnect' in globalThis) globalThis.onconnect = ({ ports: [port] }) => (port.onmessage = answer)
else globalThis.onmessage = answer
