import { ProtocolError } from './errors.js'

/** What came is no event: it is of another server, of a network that answers for it, or half of one. */
export class Garbled extends ProtocolError {
  constructor(message: string) {
    super({ message, httpStatus: 200 })
  }
}

/**
 * Takes bytes in pieces and gives back whole lines of text. Lines are decoded whole, so a character that came in two pieces survives; pieces of an
 * unfinished line are kept as they are, so a long line costs no more for coming in many pieces.
 */
export class LineSplitter {
  #kept: Uint8Array[] = []
  // Half of a character would be a broken answer: better an error than a wrong letter. A byte order mark is a letter: pieces begin anywhere.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /** The lines that this piece completes, without their ends (`\n` or `\r\n`) and without empty ones. @throws ProtocolError for bytes that are not UTF-8. */
  push(piece: Uint8Array): string[] {
    const end = piece.lastIndexOf(10)
    if (end < 0) {
      if (piece.length) this.#kept.push(piece)
      return []
    }
    const lines = this.#lines(this.#join(piece.subarray(0, end)))
    if (end + 1 < piece.length) this.#kept.push(piece.subarray(end + 1))
    return lines
  }

  /** What came after the last line end, when nothing more comes. @throws ProtocolError as `push` does. */
  end(): string[] {
    return this.#lines(this.#join(new Uint8Array()))
  }

  #lines(bytes: Uint8Array): string[] {
    let text: string
    try {
      text = this.#decoder.decode(bytes)
    } catch {
      throw new Garbled('Fauna sent bytes that are no UTF-8 text')
    }
    const lines: string[] = []
    for (const line of text.split('\n')) {
      const whole = line.endsWith('\r') ? line.slice(0, -1) : line
      if (whole) lines.push(whole)
    }
    return lines
  }

  #join(last: Uint8Array): Uint8Array {
    const kept = this.#kept
    if (!kept.length) return last
    const all = new Uint8Array(kept.reduce((sum, piece) => sum + piece.length, last.length))
    let at = 0
    for (const piece of kept) {
      all.set(piece, at)
      at += piece.length
    }
    all.set(last, at)
    this.#kept = []
    return all
  }
}

/**
 * The lines of a body, in batches as they come. The last one needs no end if the body has one: a connection that breaks off leaves half an event.
 * Leaving the iteration cancels the body, as does the signal: what was given to `fetch` may have lost it (Node collects signals that were made of others, and with
 * them what they are to abort). Rejects as the body does.
 */
export async function* batches(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<string[], void> {
  const reader = body.getReader()
  const splitter = new LineSplitter()
  const cancel = () => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const lines = done ? splitter.end() : splitter.push(value)
      if (lines.length) yield lines
      if (done) return
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
    cancel()
  }
}

/** The lines of a body, one by one. */
export async function* lines(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<string, void> {
  for await (const batch of batches(body, signal)) yield* batch
}
