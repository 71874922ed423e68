// Waiting for something that comes when it comes, however slow the machine is.

/** Rejects if a condition does not come true soon. @param {() => unknown} condition may be asynchronous */
export const until = async (condition) => {
  const end = Date.now() + 15_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`did not happen: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
