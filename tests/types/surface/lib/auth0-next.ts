// Next with @auth0/nextjs-auth0: tokens stay on the server, the browser asks /auth/access-token
import { getAccessToken } from '@auth0/nextjs-auth0/client'
import { createSession } from 'countersign'

export const session = createSession({
  getToken: getAccessToken,
  isSignedOut: (e) => (e as { code?: string }).code === 'missing_session',
  templates: { fauna: { audience: process.env.NEXT_PUBLIC_FAUNA_AUDIENCE! } },
})
