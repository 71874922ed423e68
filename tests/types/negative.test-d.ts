// What must not compile. Every expectation is one test: it fails when the line below it has become acceptable.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { createSession, CountersignError } from 'countersign'
import { auth0Session } from 'countersign/auth0'
import { clerkSession, pageClerk } from 'countersign/clerk'
import { ConvexClient, ConvexHttpClient, fetchToken } from 'countersign/convex'
import { createUseAuth } from 'countersign/convex/react'
import { mountDevtools } from 'countersign/devtools'
import { lint } from 'countersign/diagnose'
import { Client, FetchClient, fql, httpClient } from 'countersign/fauna'
import { HasuraClient } from 'countersign/hasura'
import { bridge, init, type DbLike } from 'countersign/instant'
import { forRequest } from 'countersign/server'
import { api } from '@/convex/_generated/api'

declare const db: DbLike
declare const typed: TypedDocumentNode<{ messages: { id: string }[] }, { room: string }>
const endpoint = 'https://backend.test'
const session = createSession({ templates: { fauna: 'fauna', hasura: 'hasura', convex: 'convex', instant: {} } })
const fauna = new Client({ session, template: 'fauna', endpoint })
const hasura = new HasuraClient({ session, template: 'hasura', endpoint })
const convex = new ConvexClient(endpoint, { session, template: 'convex' })
const instant = { clientName: 'clerk', appId: 'a', apiURI: endpoint }

// A misspelt template, wherever one is named.
// @ts-expect-error
new Client({ session, template: 'fuana', endpoint })
// @ts-expect-error
new HasuraClient({ session, template: 'hasra', endpoint })
// @ts-expect-error
new ConvexClient(endpoint, { session, template: 'convx' })
// @ts-expect-error
new ConvexHttpClient(endpoint, { session, template: 'convx' })
// @ts-expect-error
bridge(db, { session, template: 'instnt', clientName: 'clerk' })
// @ts-expect-error
init({ session, template: 'instnt', ...instant })
// @ts-expect-error
session.getToken('fuana')
// @ts-expect-error: a session, not a client
mountDevtools(hasura)
// @ts-expect-error
session.peek('fuana')
// @ts-expect-error
session.invalidate('fuana')
// @ts-expect-error
session.leases('fuana', {})
// @ts-expect-error
session.authFetch({ template: 'fuana', origins: [endpoint] })
// @ts-expect-error
session.fetch(endpoint, { template: 'fuana' })
// @ts-expect-error
fetchToken(session, { template: 'convx' })
// @ts-expect-error
createUseAuth(session, { template: 'convx' })
// @ts-expect-error
forRequest({ getToken: async () => null, templates: { api: 'api' } }).getToken('apo')

// A session without a template.
// @ts-expect-error
new Client({ session, endpoint })
// @ts-expect-error
new HasuraClient({ session, endpoint })
// @ts-expect-error
new ConvexClient(endpoint, { session })
// @ts-expect-error
bridge(db, { session, clientName: 'clerk' })
// @ts-expect-error
init({ session, ...instant })

// A route to an unknown template.
// @ts-expect-error
createSession({ templates: { fauna: 'fauna' }, routes: [{ url: endpoint, template: 'fuana' }] })
// @ts-expect-error
clerkSession(pageClerk, { templates: { fauna: 'fauna' }, routes: [{ url: endpoint, template: 'fuana' }] })

// A client that is told no endpoint, and a Fauna client with both a token and a session.
// @ts-expect-error
new Client({ session, template: 'fauna' })
// @ts-expect-error
new Client({ secret: 'x' })
// @ts-expect-error
new HasuraClient({ session, template: 'hasura' })
// @ts-expect-error
new Client({ secret: 'x', session, template: 'fauna', endpoint })
// @ts-expect-error
new Client({ session, endpoint })
// @ts-expect-error
new FetchClient({ fetch_keepalive: true })
// @ts-expect-error
httpClient({ session, template: 'fuana', endpoint })
// @ts-expect-error
init({ session, template: 'instant', clientName: 'clerk', appId: 'a' })

// Wrong variables, arguments and results.
// @ts-expect-error
hasura.request(typed, { rom: 'a' })
// @ts-expect-error
hasura.request(typed, { room: 1 })
// @ts-expect-error: required, and left out
hasura.request(typed)
// @ts-expect-error
hasura.request(typed, undefined, { role: 'user' })
// @ts-expect-error
hasura.request(typed, { room: 'a', other: 1 })
// @ts-expect-error
hasura.request('{ a }', {}, { operatonName: 'A' })
// @ts-expect-error
hasura.request('{ a }', {}, { retries: 3 })
// @ts-expect-error
hasura.request('{ a }', {}, { retries: { attempts: 3, mutation: true } })
// @ts-expect-error: a function that answers later
hasura.request('{ a }', {}, { headers: async () => ({ 'x-a': 'b' }) })
// @ts-expect-error
hasura.request(42)
// @ts-expect-error
hasura.batch([{ document: typed, variables: { rom: 'a' } }])
// @ts-expect-error
hasura.batch([{ document: '{ a }' }, { document: typed }])
// @ts-expect-error
hasura.batch([{ document: typed, variables: { room: 'a' }, operatonName: 'A' }])
// @ts-expect-error: one role for all of it
hasura.batch([{ document: '{ a }', role: 'user' }])
// @ts-expect-error
hasura.batch([{ document: '{ a }' }], { operationName: 'A' })
// @ts-expect-error
hasura.batch([{ document: typed, variables: { room: 'a' } }]).then(([first]) => first.value)
// @ts-expect-error
new HasuraClient({ session, template: 'hasura', endpoint, header: {} })
// @ts-expect-error
convex.query(api.messages.list, { room: 1 })
// @ts-expect-error
convex.mutation(api.messages.send, {})
// @ts-expect-error
convex.query(api.messages.send, { body: 'a mutation is no query' })
// @ts-expect-error
convex.mutation(api.counter.increment, { nme: 'a' })
// @ts-expect-error
hasura.request(typed, { room: 'a' }).then((data) => data.mesages)
// @ts-expect-error
fauna.query<string>(fql`1`).then(({ data }) => data.toFixed())
// @ts-expect-error
fauna.query('a string is no query')
// @ts-expect-error
fauna.query(fql<{ total: number }>`1`).then(({ data }) => data.totla)
// @ts-expect-error
fauna.stream({ token: 't' }).start((event) => event.type === 'resync')
// @ts-expect-error
fauna.stream('a string is no event source')

// Options of ours that do not exist, and errors that are not told apart by `is`.
// @ts-expect-error
createSession({ templats: {} })
// @ts-expect-error
createSession({ getToken: async () => 1 })
// @ts-expect-error
createSession({ policy: { timeoutMs: '10s' } })
// @ts-expect-error
auth0Session({ getTokenSilently: async () => '' }, { templates: {} })
// @ts-expect-error
session.on('identiy', () => {})
// @ts-expect-error
session.identityChanged({ org: 'a user is needed' })
// @ts-expect-error
new CountersignError('a code', 'a message').kind = 'token'
// @ts-expect-error
lint('token', { backend: 'fuana' })
