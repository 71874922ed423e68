'use client'
import { gql, type TypedDocumentNode } from '@apollo/client'
import { ApolloProvider, useQuery, useSubscription } from '@apollo/client/react'
import { SessionSignedIn, SessionSignedOut, useIdentityKey } from 'countersign/react'
import { apollo } from '@/lib/apollo'

type Data = { messages: { id: string; body: string }[] }
const LIST: TypedDocumentNode<Data, { room: string }> = gql`query ($room: String!) { messages(where: { room: { _eq: $room } }) { id body } }`
const LIVE: TypedDocumentNode<Data, { room: string }> = gql`subscription ($room: String!) { messages(where: { room: { _eq: $room } }) { id body } }`

function Messages({ room }: { room: string }) {
  const once = useQuery(LIST, { variables: { room } })
  const live = useSubscription(LIVE, { variables: { room } })
  const error = live.error ?? once.error
  if (error) return <p>{error.message}</p>
  return <ul>{(live.data ?? once.data)?.messages.map(({ id, body }) => <li key={id}>{body}</li>)}</ul>
}

export default function Page({ room }: { room: string }) {
  const me = useIdentityKey()
  return <ApolloProvider client={apollo}>
    <SessionSignedIn><Messages key={me} room={room} /></SessionSignedIn>{/* the key: Apollo's hooks go on showing what they have */}
    <SessionSignedOut>Please sign in</SessionSignedOut>
  </ApolloProvider>
}
