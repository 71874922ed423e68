// One document for the server's React and the browser's. `late`: a part that the server sends when it has it.

/** @param {typeof import('react')} React @param {any} countersign  the module countersign/react */
export const app = (React, { CountersignProvider, SessionLoading, SessionSignedIn, useSessionStatus }, { session, late, seen = [] }) => {
  const h = React.createElement
  const Late = () => {
    React.use(late)
    const status = useSessionStatus()
    seen.push(status)
    return h('i', null, status)
  }
  return h('html', { lang: 'en' }, h('head', null, h('title', null, 'react'), h('link', { rel: 'icon', href: 'data:,' })), h('body', null,
    h(CountersignProvider, { session },
      h('b', null, h(SessionLoading, null, 'loading'), h(SessionSignedIn, null, 'in')),
      h(React.Suspense, { fallback: h('u', null, 'waiting') }, h(Late)))))
}
