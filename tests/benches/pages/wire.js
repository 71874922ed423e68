// A WebSocket that is not there: what a client spends on its own.

/** Runs something with sockets that answer from here: `connection_init` and subscriptions of `$count` results, which come in one go. */
export const deaf = async (run) => {
  const { WebSocket: real } = globalThis
  globalThis.WebSocket = Wire
  try {
    return await run()
  } finally {
    globalThis.WebSocket = real
  }
}

class Wire {
  static CONNECTING = 0
  static OPEN = 1
  static CLOSING = 2
  static CLOSED = 3
  readyState = 0
  onopen = () => {}
  onmessage = (_) => {}
  onclose = (_) => {}
  onerror = () => {}

  constructor(_, protocol) {
    this.protocol = protocol
    setTimeout(() => {
      this.readyState = 1
      this.onopen()
    })
  }

  send(text) {
    const { type, id, payload } = JSON.parse(text)
    const answer = { connection_init: () => this.#hear(['{"type":"connection_ack"}']), subscribe: () => this.#hear(frames(id, payload.variables.count)) }[type]
    if (answer) setTimeout(answer)
  }

  #hear(frames) {
    for (const data of frames) this.onmessage({ data })
  }

  close(code, reason) {
    this.readyState = 3
    setTimeout(() => this.onclose({ code, reason, wasClean: true }))
  }
}

const frames = (id, count) => [
  ...Array.from({ length: count }, (_, n) => JSON.stringify({ id, type: 'next', payload: { data: { orders: [{ id: n, item: `Please leave parcel ${n} with the neighbour`, owner: 'user_bench', total: n * 7, open: n % 2 === 0, room: 'kitchen' }] } } })),
  JSON.stringify({ id, type: 'complete' }),
]
