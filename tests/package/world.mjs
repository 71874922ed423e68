// A browser-like world for the built package in Node: a window, so that a session may start, and a small API server that says what it received.
import { createServer } from 'node:http'

globalThis.window ??= globalThis

const dist = new URL('../../pkg/dist/', import.meta.url)
/** An entry of the built package. @param {string} name */
export const entry = (name) => import(new URL(`${name}.js`, dist).href)

let made = 0
/** A name of its own for every session: a second one of the same name would dispose the first. */
export const name = () => `test ${++made}`

/** A server that answers what `reply` says, and keeps what it received. */
export const api = async (reply = () => ({ status: 200, body: { n: 42 } })) => {
  const seen = []
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    const request = { method: req.method, url: req.url, token: req.headers.authorization, headers: req.headers, body }
    seen.push(request)
    const { status = 200, body: answer, headers = {}, wait = 0 } = await reply(request, seen.length)
    if (wait) await new Promise((done) => setTimeout(done, wait))
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    res.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`
  return { url, seen, close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) }
}

export const soon = (ms = 20) => new Promise((done) => setTimeout(done, ms))
