/** Events kept for a consumer that is slow: then nothing more is read until most of them are gone. */
const MANY = 1024
const FEW = 256

type Result<T> = IteratorResult<T, void>
type Waiting<T> = { resolve(result: Result<T>): void; reject(error: unknown): void }

/** What lies between a connection that brings events when it likes and a consumer that asks for the next one when it likes. */
export class Inbox<T> {
  #items: (T | undefined)[] = []
  #head = 0
  #waiting: Waiting<T>[] = []
  #full = false
  #over = false
  /** Said once, as a generator does. */
  #error: { error: unknown } | undefined
  readonly #deliver: (item: T) => boolean
  readonly #hold: (full: boolean) => void

  /** `deliver`: an item is about to be handed out; false: it is nothing for the consumer. `hold`: there is more than enough for now, or it is gone again. */
  constructor(deliver: (item: T) => boolean, hold: (full: boolean) => void) {
    this.#deliver = deliver
    this.#hold = hold
  }

  next(): Promise<Result<T>> {
    const result = this.#waiting.length ? undefined : this.#shift()
    if (result) return Promise.resolve(result)
    if (!this.#over) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    const { error } = this.#error ?? { error: this }
    this.#error = undefined
    return error === this ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error)
  }

  /** Keeps an item; `serve` hands it out. */
  put(item: T): void {
    this.#items.push(item)
  }

  /** Hands what there is to whoever waits for it. */
  serve(): void {
    while (this.#waiting.length) {
      const result = this.#shift()
      if (!result) return
      this.#waiting.shift()!.resolve(result)
    }
    if (!this.#full && this.#items.length - this.#head >= MANY) this.#hold((this.#full = true))
  }

  /** Nothing comes any more. With `drop` what is there is not handed out either; whoever asks after that is told the error once, if there is one. */
  end(drop: boolean, failed: boolean, error: unknown): void {
    this.#over = true
    if (drop) this.clear()
    this.serve()
    const [first, ...others] = this.#waiting.splice(0)
    if (first && failed) first.reject(error)
    else {
      first?.resolve({ value: undefined, done: true })
      if (failed) this.#error = { error }
    }
    for (const { resolve } of others) resolve({ value: undefined, done: true })
  }

  /** What is there is handed out to nobody. */
  clear(): void {
    this.#items = []
    this.#head = 0
  }

  #shift(): Result<T> | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head]!
      this.#items[this.#head++] = undefined
      if (this.#head === this.#items.length) this.clear()
      if (this.#full && this.#items.length - this.#head <= FEW) this.#hold((this.#full = false))
      if (this.#deliver(item)) return { value: item, done: false }
    }
    return undefined
  }
}
