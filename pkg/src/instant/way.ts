// A way to the server for messages in both directions: a WebSocket. What is on it is none of its business.

/** A message of Instant's session protocol. */
export interface Message {
  op: string
  [key: string]: any
}

/** What comes of a way. */
export interface Ears {
  opened(id: number): void
  message(id: number, message: Message): void
  /** What came is no message. */
  garbled(id: number, error: unknown): void
  closed(id: number): void
}

export interface Way {
  send(message: object): void
  /** Nothing is heard of it any more. */
  close(): void
}

/** Text frames, each one a message or a list of them. Throws what the constructor of WebSocket throws. */
export const webSocket = (id: number, url: URL, ears: Ears): Way => {
  const socket = new globalThis.WebSocket(String(url))
  let over = false
  socket.onopen = () => ears.opened(id)
  socket.onclose = () => ears.closed(id)
  // Not null: an error without a listener ends a Node process.
  socket.onerror = () => {}
  socket.onmessage = ({ data }) => {
    let messages: unknown[]
    try {
      if (typeof data !== 'string') throw new TypeError('a binary frame, where text was expected')
      messages = [JSON.parse(data)].flat()
      if (messages.some((message) => typeof (message as Message | null)?.op !== 'string')) throw new TypeError('a message without an op')
    } catch (error) {
      return ears.garbled(id, error)
    }
    // A message may be the end of it.
    for (const message of messages) if (!over) ears.message(id, message as Message)
  }
  return {
    send(message) {
      if (socket.readyState === 1) socket.send(JSON.stringify(message))
    },
    close() {
      over = true
      socket.onopen = socket.onclose = socket.onmessage = socket.onerror = () => {}
      try {
        socket.close()
      } catch {
        // Some implementations refuse to close what is not open yet.
      }
    },
  }
}
