import type { Metadata } from 'next'
import { Example, ExamplePage } from '@/components/example-page'
import Messages from './messages'

export const metadata: Metadata = { title: 'Hasura with Apollo Client' }

export default function Page() {
  return (
    <ExamplePage title="Hasura with Apollo Client" about={<>Queries go through <code>hasura.fetch</code>, subscriptions through <code>hasura</code> itself, which Apollo takes for a client of graphql-ws.</>}>
      <Example id="apollo-page" title="Messages" files={['app/hasura-apollo/messages.tsx', 'lib/apollo.ts']}><Messages /></Example>
    </ExamplePage>
  )
}
