/**
 * One script for any client shaped like `ConvexHttpClient`: the official one, and ours. It returns a plain
 * object, so that what two clients made of the same deployment can be compared field by field.
 * @param {object} options
 * @param {new (url: string, options?: any) => any} options.ConvexHttpClient
 * @param {string} options.url
 * @param {string | undefined} [options.token]   for `setAuth`; leave out when `clientOptions` brings a session
 * @param {object} [options.clientOptions]       second argument of the constructor
 * @param {string} [options.run]                 names the counter of this run, so that runs do not disturb each other
 */
export async function smoke({ ConvexHttpClient, url, token, clientOptions = {}, run = `smoke-${Date.now()}` }) {
  const { api } = await import('./api.js')
  const client = new ConvexHttpClient(url, { logger: false, ...clientOptions })
  if (token !== undefined) client.setAuth(token)

  const mine = await client.query(api.messages.getForCurrentUser, {})
  const me = await client.query(api.users.me, {})
  const byName = await client.query('users:me', {})
  const lobby = await client.query(api.messages.list, { room: 'lobby' })
  const first = await client.query(api.messages.page, { paginationOpts: { numItems: 2, cursor: null } })
  const second = await client.query(api.messages.page, { paginationOpts: { numItems: 100, cursor: first.continueCursor } })

  // Two at once: the client queues them, each runs once.
  const [one, two] = await Promise.all([
    client.mutation(api.counter.increment, { name: run, requestId: 'one' }),
    client.mutation(api.counter.increment, { name: run, requestId: 'two' }),
  ])
  const count = await client.query(api.counter.read, { name: run })
  const sent = await client.mutation(api.messages.send, { body: `sent by ${run}`, room: run })
  const room = await client.query(api.messages.list, { room: run })
  const shout = await client.action(api.actions.shout, { text: 'hello' })

  const values = { int: 5151996n, min: -(2n ** 63n), negativeZero: -0, infinity: Infinity, bytes: new Uint8Array([0, 16, 131]).buffer, text: 'é😀', list: [1, null, true], nested: { a: { b: 0.5 } } }
  const echo = await client.query(api.values.echo, { value: values })

  return {
    bodies: mine.map((/** @type {any} */ m) => m.body),
    me, sameByName: JSON.stringify(me) === JSON.stringify(byName),
    lobby: lobby.length,
    pages: { first: first.page.length, firstDone: first.isDone, total: first.page.length + second.page.length, done: second.isDone },
    counter: { values: [String(one.value), String(two.value)], executions: [one.executions, two.executions], count: String(count), isBigint: typeof count === 'bigint' },
    sent: { isId: typeof sent === 'string', found: room.map((/** @type {any} */ m) => m.body) },
    shout,
    echo: {
      int: echo.int === values.int, min: echo.min === values.min, negativeZero: Object.is(echo.negativeZero, -0), infinity: echo.infinity === Infinity,
      bytes: echo.bytes instanceof ArrayBuffer ? [...new Uint8Array(echo.bytes)] : typeof echo.bytes, text: echo.text, list: echo.list, nested: echo.nested,
    },
    errors: {
      app: await caught(() => client.query(api.errors.app, {})),
      plain: await caught(() => client.query(api.errors.plain, {})),
      unknown: await caught(() => client.query('messages:nope', {})),
      rolledBack: await caught(() => client.mutation(api.errors.halfWritten, {})),
      afterFailure: typeof (await client.mutation(api.counter.increment, { name: run, requestId: 'three' })).value,
    },
  }
}

/** What a rejection is to a program, without what differs from call to call (request id, stack). */
async function caught(/** @type {() => Promise<unknown>} */ call) {
  try {
    await call()
    return 'no error'
  } catch (error) {
    const e = /** @type {any} */ (error)
    const data = e.data === undefined ? undefined : JSON.stringify(e.data, (_k, v) => (typeof v === 'bigint' ? `${v}n` : v))
    return { isError: e instanceof Error, name: e.name, convexError: e[Symbol.for('ConvexError')] === true, data, text: String(e.message).includes('Server Error') }
  }
}
