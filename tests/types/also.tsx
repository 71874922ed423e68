// Beside the samples of surface/: other libraries that take what countersign hands out, and today's form of samples kept in later.json.
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client'
import { getAccessToken } from '@auth0/nextjs-auth0/client'
import { Auth0Client } from '@auth0/auth0-spa-js'
import { useAuth, useClerk } from '@clerk/nextjs'
import { init as initCore } from '@instantdb/core'
import { init as initReact } from '@instantdb/react'
import { ConvexClient as VendorConvexClient } from 'convex/browser'
import { ConvexReactClient } from 'convex/react'
import { Client as VendorFauna } from 'fauna'
import { GraphQLClient } from 'graphql-request'
import { createClient as createSocket } from 'graphql-ws'
import { useState } from 'react'
import { cacheExchange, Client as Urql, fetchExchange } from 'urql'
import { createSession, type Finding } from 'countersign'
import { auth0Provider, auth0Session } from 'countersign/auth0'
import { clerkProvider, clerkSession } from 'countersign/clerk'
import { fetchToken } from 'countersign/convex'
import { httpClient } from 'countersign/fauna'
import { bridge, id, init } from 'countersign/instant'
import { api } from '@/convex/_generated/api'
import { convex, fauna, hasura, session } from '@/lib/backends'

const url = 'https://backend.test'

// Providers.
export function Sources() {
  const { getToken } = useAuth()
  const clerk = useClerk()
  return [createSession({ getToken }), createSession({ getToken: getAccessToken }), clerkSession(clerk), clerkSession(() => clerk), session.connect(clerkProvider(clerk))].length
}
export const auth0 = new Auth0Client({ domain: 'd', clientId: 'c' })
export const sessions = [auth0Session(auth0, {}), createSession(auth0Provider(auth0))]

// GraphQL clients take the fetch.
export const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, fetch: hasura.fetch }) })
session.on('forget', () => void apollo.clearStore())
export const urql = new Urql({ url, exchanges: [cacheExchange, fetchExchange], fetch: hasura.fetch, preferGetMethod: false })
export const request = new GraphQLClient(url, { fetch: hasura.fetch })
export const socket = createSocket({ url: 'wss://backend.test', connectionParams: hasura.connectionParams })

// Vendors' clients take the token or the transport.
export const vendorFauna = new VendorFauna({ secret: 'unused', endpoint: new URL(url) }, httpClient({ session, template: 'fauna', endpoint: url }))
export const convexReact = new ConvexReactClient(url)
convexReact.setAuth(fetchToken(session, { template: 'convex' }))
new VendorConvexClient(url).setAuth(fetchToken(session, { template: 'convex' }))
export const bridges = [initCore({ appId: 'a' }), initReact({ appId: 'a' })].map((db) => bridge(db, { session, template: 'instant', clientName: 'clerk' }))
bridge(initCore({ appId: 'a' }), { session, template: 'instant', clientName: 'clerk' })
bridge(initReact({ appId: 'a' }), { session, template: 'instant', clientName: 'clerk' })

// Instant and Convex by themselves, without `live`.
export const db = init({ session, template: 'instant', clientName: 'clerk', appId: process.env.NEXT_PUBLIC_INSTANT_APP_ID, apiURI: process.env.NEXT_PUBLIC_INSTANT_API })
export const todos = () => db.queryOnce<{ todos: { id: string; text: string }[] }>({ todos: {} }).then(({ data }) => data.todos.length)
export const add = () => db.transact(db.tx.todos[id()].update({ text: 'hi' }))
export const bodies = () => convex.query(api.messages.getForCurrentUser, {}).then((messages) => messages.map((message) => message.body))

// "Does it work with my template names?" without the panel.
export function Check() {
  const [findings, setFindings] = useState<Finding[]>([])
  const check = async () => setFindings((await Promise.all([fauna, hasura, convex, db].map((backend) => backend.check()))).flat())
  return <><button onClick={check}>Check my configuration</button><ul>{findings.map((f, i) => <li key={i}>{f.ok ? 'ok' : 'NO'}: {f.message} {f.fix}</li>)}</ul></>
}
