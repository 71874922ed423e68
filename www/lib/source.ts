// Which of the two issuers signed the user in. Remembered, so that a reload asks the same one.

export type Source = 'clerk' | 'auth0'

const KEY = 'countersign-demo.source'
let current: Source | undefined

const remembered = (): Source => {
  try {
    return localStorage.getItem(KEY) === 'auth0' ? 'auth0' : 'clerk'
  } catch {
    return 'clerk' // no storage here: on a server, or storage is blocked
  }
}

export const source = {
  get: (): Source => (current ??= remembered()),
  set(next: Source) {
    current = next
    try {
      localStorage.setItem(KEY, next)
    } catch {
      // Only a reload forgets it then.
    }
  },
}
