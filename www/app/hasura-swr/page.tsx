import type { Metadata } from 'next'
import { Example, ExamplePage } from '@/components/example-page'
import WithClient from './client'
import WithFetch from './fetch'

export const metadata: Metadata = { title: 'Hasura with SWR' }

export default function Page() {
  return (
    <ExamplePage title="Hasura with SWR" about={<>With the client, and in the shape of Clerk’s guide: SWR, a fetcher, and <code>hasura.fetch</code> in it.</>}>
      <Example id="swr-client" title="With the client" files={['app/hasura-swr/client.tsx']}><WithClient /></Example>
      <Example id="swr-fetch" title="With fetch" files={['app/hasura-swr/fetch.tsx']}><WithFetch /></Example>
    </ExamplePage>
  )
}
