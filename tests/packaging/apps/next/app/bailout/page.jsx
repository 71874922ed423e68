'use client'
// A call made while rendering: on the server it is refused with Next's own digest, so the build finishes and the browser goes on.
import { Suspense, use } from 'react'
import { createSession } from 'countersign'
import { fakeProvider } from 'countersign/testing'

const session = createSession({ name: 'bailout', templates: { api: 'api' } })
let asked

function Token() {
  if (typeof window !== 'undefined') asked ?? session.connect(fakeProvider({ user: 'alice' }))
  asked ??= session.getToken('api')
  return <p id="out">{use(asked)?.split('.').length === 3 ? 'OK rendered in the browser' : 'FAIL no token'}</p>
}
export default function Page() {
  return <Suspense fallback={<p>waiting</p>}><Token /></Suspense>
}
