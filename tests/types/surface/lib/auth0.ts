import { Auth0Client } from '@auth0/auth0-spa-js'
import { auth0Session } from 'countersign/auth0'
import { Client } from 'countersign/fauna'

const audience = process.env.NEXT_PUBLIC_FAUNA_AUDIENCE!           // https://db.fauna.com/db/<id>
export const auth0 = new Auth0Client({ domain: process.env.NEXT_PUBLIC_AUTH0_DOMAIN!, clientId: process.env.NEXT_PUBLIC_AUTH0_CLIENT_ID!,
  useRefreshTokens: true, useMrrt: true, authorizationParams: { audience } })
export const session = auth0Session(auth0, { templates: { fauna: { audience } } })
export const fauna = new Client({ session, template: 'fauna', endpoint: process.env.NEXT_PUBLIC_FAUNA_URL, audience })
