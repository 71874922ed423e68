'use client'
import { gql, type TypedDocumentNode } from '@apollo/client'
import { ApolloProvider, useQuery, useSubscription } from '@apollo/client/react'
import { SessionSignedIn, SessionSignedOut } from 'countersign/react'
import { apollo } from '@/lib/apollo'

type Data = { messages: { id: string; body: string }[] }
const QUERY: TypedDocumentNode<Data> = gql`query { messages { id body } }`
const LIVE: TypedDocumentNode<Data> = gql`subscription { messages { id body } }`

function Messages() {
  const once = useQuery(QUERY)
  const live = useSubscription(LIVE)
  const error = live.error ?? once.error
  if (error) return <p>{error.message}</p>
  return <ul>{(live.data ?? once.data)?.messages.map((m) => <li key={m.id}>{m.body}</li>)}</ul>
}
export default function Page() {
  return <ApolloProvider client={apollo}>
    <SessionSignedIn><Messages /></SessionSignedIn>
    <SessionSignedOut>Please sign in</SessionSignedOut>
  </ApolloProvider>
}
