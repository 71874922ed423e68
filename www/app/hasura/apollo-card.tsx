'use client'
import { gql, type TypedDocumentNode } from '@apollo/client'
import { ApolloProvider, useLazyQuery } from '@apollo/client/react'
import { useIdentityKey } from 'countersign/react'
import Link from 'next/link'
import { Code } from '@/components/backend-card'
import { apollo } from '@/lib/apollo'
import { Rows } from './rows'

const QUERY: TypedDocumentNode<{ messages: { id: string; body: string }[] }> = gql`query { messages { id body } }`

const CODE = `const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(isSubscription, new GraphQLWsLink(hasura),
    new HttpLink({ uri, fetch: hasura.fetch })),
})
session.on('forget', () => apollo.clearStore())

const [run, { data }] = useLazyQuery(QUERY)`

export function ApolloCard() {
  const me = useIdentityKey()
  return (
    <section className="card card-small" aria-labelledby="apollo-title">
      <header className="card-head"><h3 id="apollo-title">Hasura through Apollo Client</h3><Link href="/hasura-apollo">A page of its own</Link></header>
      {/* The key: another user starts with nothing of the last one's. */}
      <ApolloProvider client={apollo}><Ask key={me ?? 'nobody'} /></ApolloProvider>
      <Code text={CODE} />
    </section>
  )
}

function Ask() {
  const [run, { data, error, loading }] = useLazyQuery(QUERY, { fetchPolicy: 'network-only', notifyOnNetworkStatusChange: true })
  return (
    <>
      {/* A failed run is in `error`; the promise is not needed. */}
      <div className="actions"><button type="button" className="run run-quiet" data-testid="hasura-apollo-run" aria-busy={loading} onClick={() => void run().catch(() => {})}>Run with Apollo</button></div>
      <Rows id="hasura-apollo" rows={loading ? undefined : data?.messages} error={loading ? undefined : error} />
    </>
  )
}
