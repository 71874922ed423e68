// A provider as auth libraries are: it keeps tokens for half their life, and it does not notice what happens in another tab. It knows who is signed in from
// the page's storage, which it reads when it is watched, or (`own`) from what it was told in this very tab.

/** In milliseconds. @param {string} token */
const life = (token) => {
  const { iat, exp } = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')))
  return (exp - iat) * 1000
}

/**
 * @param {{ name: string, tab: string, own?: string }} options
 */
export const makeProvider = ({ name, tab, own }) => {
  const reports = new Set()
  const kept = new Map()
  let mine = own
  const counts = { watched: 0, asked: 0 }
  const who = () => (own === undefined ? globalThis.localStorage?.getItem(name) ?? null : mine)
  const identity = () => (who() === null ? null : { user: who() })
  const tell = () => reports.forEach((report) => report(identity()))
  const become = (user) => {
    mine = user
    if (own === undefined) user === null ? localStorage.removeItem(name) : localStorage.setItem(name, user)
    tell()
  }
  return {
    comparable: true,
    counts,
    async getToken({ template, force, signal }) {
      counts.asked++
      const key = `${who()} ${template}`
      const { token: old, until = 0 } = kept.get(key) ?? {}
      if (!force && Date.now() < until) return old
      const answer = await fetch(`/app/${name}/token?tab=${tab}`, { method: 'POST', body: JSON.stringify({ template, force }), signal })
      const token = await answer.json()
      if (token !== null) kept.set(key, { token, until: Date.now() + life(token) / 2 })
      return token
    },
    watch(report) {
      counts.watched++
      reports.add(report)
      report(identity())
      return () => reports.delete(report)
    },
    become,
    signOut: () => become(null),
  }
}
