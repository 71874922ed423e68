// What values have which type. Every line with `yes<` is one test; none of these may be `any`.
import type { Auth0Client } from '@auth0/auth0-spa-js'
import type { DocumentNode } from 'graphql'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { createSession, CountersignError, ready } from 'countersign'
import type { Endpoint, ErrorCode, Finding, Identity, Lease, Live, Provider, Session, SessionEvent, SessionOptions, SessionSnapshot, Status, TokenAnswer, TokenRequest } from 'countersign'
import { auth0Provider, auth0Session } from 'countersign/auth0'
import { clerkProvider, clerkSession, pageClerk, type ClerkLike } from 'countersign/clerk'
import { ConvexClient, ConvexError, ConvexHttpClient, fetchToken } from 'countersign/convex'
import { createUseAuth } from 'countersign/convex/react'
import { mountDevtools } from 'countersign/devtools'
import { lint, verify } from 'countersign/diagnose'
import {
  Client, endpoints, FaunaError, FetchClient, fql, httpClient, NodeHTTP2Client, StreamClient, TimeStub, type DocumentT, type HTTPClient, type HTTPStreamClient, type Page, type ResyncEvent, type SetIterator,
  type StreamAdapter, type StreamEventData, type StreamEventStatus,
} from 'countersign/fauna'
import { classify, GraphQLRequestError, HasuraClient, type HasuraErrorCode, type Settled, type StoredDocument } from 'countersign/hasura'
import { bridge, id, init, lookup, type BridgeState } from 'countersign/instant'
import { useBridge } from 'countersign/instant/react'
import { CountersignProvider, SessionSignedIn, useCountersign, useIdentityKey, useSessionStatus } from 'countersign/react'
import { forRequest } from 'countersign/server'
import * as fixed from 'countersign/static'
import { fakeProvider, fakeToken, type FakeProvider } from 'countersign/testing'
import type { AuthTokenFetcher } from 'convex/browser'
import { api } from '@/convex/_generated/api'
import { type NotAny, type Same, yes } from './exact'

declare const auth0: Auth0Client
const templates = { fauna: 'fauna', hasura: 'hasura', convex: 'convex', instant: {} } as const
const session = createSession({ templates })
type Names = 'fauna' | 'hasura' | 'convex' | 'instant'

// countersign
yes<Same<typeof session, Session<Names>>>()
yes<Same<ReturnType<typeof session.getToken>, Promise<string | null>>>()
yes<Same<ReturnType<typeof session.peek>, string | null>>()
yes<Same<ReturnType<typeof session.fetch>, Promise<Response>>>()
yes<Same<Parameters<typeof session.getToken>[0], Names | undefined>>()
yes<Same<ReturnType<typeof session.authFetch>, typeof fetch>>()
yes<Same<typeof session.status, Status>>()
yes<Same<typeof session.identityKey, string | null | undefined>>()
yes<Same<ReturnType<typeof session.inspect>, SessionSnapshot>>()
yes<Same<ReturnType<typeof session.signOut>, Promise<void>>>()
yes<Same<ReturnType<typeof session.leases>, AsyncIterable<Lease>>>()
yes<Same<Status, 'unknown' | 'anonymous' | 'signedIn' | 'degraded'>>()
yes<Same<Endpoint, string | URL | undefined>>()
yes<Same<TokenAnswer, string | null | undefined | { token: string; expiresAt?: number }>>()
yes<Same<TokenRequest['reason'], 'first' | 'expiring' | 'rejected' | 'forced' | 'identity'>>()
yes<NotAny<Provider['getToken']>>()
yes<NotAny<SessionOptions['templates']>>()
yes<NotAny<Identity['user']>>()
yes<NotAny<Live<string>['subscribe']>>()
yes<Same<ReturnType<typeof ready>, Promise<void>>>()
session.on('token', (event) => {
  yes<Same<typeof event, Extract<SessionEvent, { type: 'token' }>>>()
  yes<Same<typeof event.expiresAt, number>>()
})
// devtools: any session, whatever its templates
yes<Same<ReturnType<typeof mountDevtools>, () => void>>()
mountDevtools(session, document.body)

const anything = createSession()
yes<Same<typeof anything, Session<string>>>()

// errors
const error: unknown = new Error()
if (CountersignError.is(error, 'signed_out')) {
  yes<Same<typeof error, CountersignError>>()
  yes<Same<typeof error.kind, 'config' | 'token' | 'network' | 'backend' | 'protocol'>>()
  yes<Same<typeof error.code, ErrorCode>>()
  yes<Same<typeof error.hint, string | undefined>>()
}
yes<NotAny<ErrorCode>>()
yes<InstanceType<typeof FaunaError> extends CountersignError ? true : false>()
yes<GraphQLRequestError extends CountersignError ? true : false>()
yes<InstanceType<typeof ConvexError> extends Error ? true : false>()

// adapters
yes<Same<ReturnType<typeof pageClerk>, ClerkLike | undefined>>()
yes<Same<ReturnType<typeof clerkProvider>, Provider>>()
const ofClerk = clerkSession(pageClerk, { templates })
yes<Same<typeof ofClerk, Session<Names>>>()
yes<Same<ReturnType<typeof auth0Provider>, Provider>>()
const ofAuth0 = auth0Session(auth0, { templates: { fauna: { audience: 'x' } } })
yes<Same<typeof ofAuth0, Session<'fauna'>>>()

// fauna
const fauna = new Client({ session, template: 'fauna', endpoint: 'https://fauna.test' })
const answer = fauna.query<{ total: number }>(fql`1`)
yes<Same<Awaited<typeof answer>['data'], { total: number }>>()
yes<NotAny<Awaited<typeof answer>>>()
yes<NotAny<typeof fql>>()
yes<Same<TimeStub['toDate'], () => Date>>()
yes<Same<typeof fauna.lastTxnTs, number | undefined>>()
yes<Same<Page<{ total: number }>['data'], { total: number }[]>>()
yes<Same<ReturnType<typeof fauna.check>, Promise<Finding[]>>>()
interface Row {
  total: number
}
const inferred = fauna.query(fql<Row>`1`)
yes<Same<Awaited<typeof inferred>['data'], Row>>()
const untyped = fauna.query(fql`1`)
yes<Same<Awaited<typeof untyped>['data'], any>>()
const rows_ = fauna.paginate(fql<Page<Row>>`Order.all()`)
yes<Same<typeof rows_, SetIterator<Row>>>()
const documents = fauna.paginate<DocumentT<Row>>(fql`Order.all()`).flatten()
yes<Same<Awaited<ReturnType<typeof documents.next>>, IteratorResult<DocumentT<Row>, void>>>()
const stream = fauna.stream<Row>({ token: 't' }, { status_events: true })
yes<Same<typeof stream, StreamClient<Row>>>()
yes<Same<Parameters<Parameters<typeof stream.start>[0]>[0], StreamEventData<Row> | StreamEventStatus>>()
const resyncing = fauna.stream<Row>(fql`x`, { resync_events: true })
yes<Same<Parameters<Parameters<typeof resyncing.start>[0]>[0], StreamEventData<Row> | StreamEventStatus | ResyncEvent>>()
const feed = fauna.feed<Row>({ token: 't' })
yes<Same<ReturnType<typeof feed.flatten>, AsyncGenerator<StreamEventData<Row>, void>>>()
yes<Same<typeof fauna.clientConfiguration.secret, undefined>>()
yes<Same<typeof endpoints.local, URL>>()
const transport = httpClient({ session, template: 'fauna', endpoint: 'https://fauna.test' })
yes<Same<typeof transport, HTTPClient & HTTPStreamClient>>()
yes<NotAny<Parameters<typeof transport.request>[0]>>()
yes<Same<ReturnType<FetchClient['stream']>, StreamAdapter>>()
yes<Same<typeof NodeHTTP2Client, typeof FetchClient>>()

// hasura
declare const typed: TypedDocumentNode<{ messages: { id: string }[] }, { room: string }>
const hasura = new HasuraClient({ session, template: 'hasura', endpoint: 'https://hasura.test' })
const rows = hasura.request(typed, { room: 'a' })
yes<Same<Awaited<typeof rows>, { messages: { id: string }[] }>>()
const named = hasura.request<{ n: number }>('{ n }')
yes<Same<Awaited<typeof named>, { n: number }>>()
yes<Same<typeof hasura.fetch, typeof fetch>>()
const untyped_ = hasura.request('{ n }', { any: 1 }, { operationName: 'A', headers: { 'x-request-id': 'r' }, retries: { attempts: 3, mutations: true }, extensions: { a: 1 }, role: 'user' })
yes<Same<Awaited<typeof untyped_>, any>>()
/** As codegen writes it in its string mode. */
declare class TypedDocumentString<R, V> extends String {
  __apiType?: (variables: V) => R
  private value: string
  toString(): string & { __apiType?: (variables: V) => R }
}
declare const ofCodegen: TypedDocumentString<{ n: number }, { id: string; limit?: number }>
declare const withoutVariables: TypedDocumentNode<{ a: 1 }, { [key: string]: never }>
declare const optional: TypedDocumentNode<{ o: 1 }, { limit?: number | null }>
declare const stored: StoredDocument<{ s: string }, { id: string }>
yes<Same<Awaited<ReturnType<typeof hasura.request<{ n: number }, { id: string }>>>, { n: number }>>()
const ofString = hasura.request(ofCodegen, { id: 'a' })
yes<Same<Awaited<typeof ofString>, { n: number }>>()
const ofStored = hasura.request(stored, { id: 'a' })
yes<Same<Awaited<typeof ofStored>, { s: string }>>()
const none = hasura.request(withoutVariables)
yes<Same<Awaited<typeof none>, { a: 1 }>>()
const leftOut = hasura.request(optional, undefined, { role: 'user' })
yes<Same<Awaited<typeof leftOut>, { o: 1 }>>()
const byGql = hasura.request({} as DocumentNode)
yes<Same<Awaited<typeof byGql>, any>>()
/** A wrapper of one's own, generic in both. */
const wrapped = <R, V>(document: TypedDocumentNode<R, V>, variables: V): Promise<R> => hasura.request(document, variables)
yes<Same<Awaited<ReturnType<typeof wrapped<{ a: 1 }, {}>>>, { a: 1 }>>()
const batched = hasura.batch([{ document: typed, variables: { room: 'a' } }, { document: '{ n }' }, { document: ofCodegen, variables: { id: 'a' }, operationName: 'A' }, { document: optional }])
yes<Same<Awaited<typeof batched>, [Settled<{ messages: { id: string }[] }>, Settled<any>, Settled<{ n: number }>, Settled<{ o: 1 }>]>>()
const many = hasura.batch(['a', 'b'].map((room) => ({ document: typed, variables: { room } })))
yes<Same<Awaited<typeof many>[number], Settled<{ messages: { id: string }[] }>>>()
void batched.then(([first]) => {
  if (first.status === 'fulfilled') yes<Same<typeof first.value, { messages: { id: string }[] }>>()
  else yes<Same<typeof first.reason, GraphQLRequestError>>()
})
yes<'constraint-violation' extends HasuraErrorCode ? true : false>()
yes<'a code of an action' extends HasuraErrorCode ? true : false>()
yes<NotAny<GraphQLRequestError['code']>>()
new HasuraClient({ session, template: 'hasura', endpoint: '', headers: () => ({ traceparent: '00' }), retries: { attempts: 3 } })
new HasuraClient({ session, template: 'hasura', endpoint: '', headers: new Headers(), retries: false, role: undefined })
yes<Same<Awaited<ReturnType<typeof hasura.connectionParams>>, { headers: Record<string, string> }>>()
yes<Same<Awaited<ReturnType<typeof classify>>, 'ok' | 'refresh' | 'fail'>>()

// convex
const convex = new ConvexClient('https://convex.test', { session, template: 'convex' })
const messages = convex.query(api.messages.getForCurrentUser, {})
yes<Same<Awaited<typeof messages>[number]['body'], string>>()
yes<NotAny<Awaited<typeof messages>>>()
const counted = convex.mutation(api.counter.increment, { name: 'a' })
yes<Same<Awaited<typeof counted>['value'], bigint>>()
const http = new ConvexHttpClient('https://convex.test')
const me = http.query(api.users.me, {})
yes<Same<Exclude<Awaited<typeof me>, null>['subject'], string>>()
const fetcher = fetchToken(session, { template: 'convex' })
yes<Same<typeof fetcher, AuthTokenFetcher>>()
yes<NotAny<typeof fetcher>>()
yes<Same<ReturnType<ReturnType<typeof createUseAuth>>['isLoading'], boolean>>()

// instant
declare const db: Parameters<typeof bridge>[0]
const bridged = bridge(db, { session, template: 'instant', clientName: 'clerk' })
yes<Same<typeof bridged.state, BridgeState>>()
yes<Same<ReturnType<typeof useBridge>, BridgeState>>()
yes<NotAny<typeof bridged>>()
const own = init({ session, template: 'instant', clientName: 'clerk', appId: 'a', apiURI: 'https://instant.test' })
const todos = own.queryOnce<{ todos: { text: string }[] }>({ todos: {} })
yes<Same<Awaited<typeof todos>['data'], { todos: { text: string }[] }>>()
yes<Same<ReturnType<typeof id>, string>>()
yes<Same<ReturnType<typeof lookup>, string>>()

// react, server, diagnose, static, testing
yes<Same<ReturnType<typeof useCountersign>, Session>>()
yes<Same<ReturnType<typeof useSessionStatus>, Status>>()
yes<Same<ReturnType<typeof useIdentityKey>, string | null | undefined>>()
yes<NotAny<Parameters<typeof CountersignProvider>[0]>>()
yes<NotAny<Parameters<typeof SessionSignedIn>[0]>>()
const request = forRequest({ getToken: async () => null, templates })
yes<Same<Parameters<typeof request.getToken>[0], Names | undefined>>()
yes<Same<keyof typeof request, 'getToken' | 'fetch' | 'authFetch'>>()
yes<Same<ReturnType<typeof lint>, Promise<Finding[]>>>()
yes<Same<ReturnType<typeof verify>, Promise<Finding[]>>>()
yes<Same<typeof fixed.createSession, typeof createSession>>()
yes<Same<ReturnType<typeof fakeProvider>, FakeProvider>>()
yes<Same<ReturnType<typeof fakeToken>, string>>()
yes<Same<FakeProvider['calls'], readonly { template?: string; force: boolean }[]>>()
