/** One after the other, in the order of the calls; a failed one stops nobody. */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve()

  add<R>(run: () => Promise<R>): Promise<R> {
    const turn = this.#tail.then(run)
    this.#tail = turn.catch(() => undefined)
    return turn
  }
}
