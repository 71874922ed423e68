'use client'
import { gql, type TypedDocumentNode } from '@apollo/client'
import { ApolloProvider, useMutation, useQuery, useSubscription } from '@apollo/client/react'
import { SessionSignedIn, SessionSignedOut, useIdentityKey } from 'countersign/react'
import { apollo } from '@/lib/apollo'

type Data = { messages: { id: string; body: string }[] }
const QUERY: TypedDocumentNode<Data> = gql`query { messages { id body } }`
const LIVE: TypedDocumentNode<Data> = gql`subscription { messages { id body } }`
const WRITE: TypedDocumentNode<unknown, { body: string }> = gql`mutation ($body: String!) { insert_messages_one(object: { body: $body }) { id } }`

function Messages() {
  const once = useQuery(QUERY)
  const live = useSubscription(LIVE)
  const [write] = useMutation(WRITE)
  const error = live.error ?? once.error
  if (error) return <p role="alert">{error.message}</p>
  return (
    <>
      <button type="button" className="run" onClick={() => void write({ variables: { body: 'Written through Apollo' } })}>Write a message</button>
      <ul className="rows" data-testid="apollo-rows">{(live.data ?? once.data)?.messages.map((m) => <li key={m.id}>{m.body}</li>)}</ul>
    </>
  )
}

export default function Page() {
  const me = useIdentityKey()
  return (
    <ApolloProvider client={apollo}>
      {/* The key: Apollo's hooks go on showing what they have. */}
      <SessionSignedIn><Messages key={me} /></SessionSignedIn>
      <SessionSignedOut>Please sign in</SessionSignedOut>
    </ApolloProvider>
  )
}
