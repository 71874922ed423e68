'use client'
import { useIdentityKey } from 'countersign/react'
import Link from 'next/link'
import { useState } from 'react'
import useSWR from 'swr'
import { Code } from '@/components/backend-card'
import { hasura } from '@/lib/backends'
import { config } from '@/lib/config'
import { Rows } from './rows'

const QUERY = '{ messages { id body } }'
type Data = { messages: { id: string; body: string }[] }

const CODE = `const me = useIdentityKey()
const { data } = useSWR(me && [me, query], async () => {
  const response = await hasura.fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors[0].message)
  return data
})`

/** In the shape of Clerk's guide: SWR, fetch, and nothing of countersign but the fetch. */
const fetcher = async (): Promise<Data> => {
  const response = await hasura.fetch(config.hasura.endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: QUERY }) })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors[0].message)
  return data
}

export function SwrCard() {
  const me = useIdentityKey()
  return (
    <section className="card card-small" aria-labelledby="swr-title">
      <header className="card-head"><h3 id="swr-title">Hasura through SWR</h3><Link href="/hasura-swr">A page of its own</Link></header>
      <Ask key={me ?? 'nobody'} me={me} />
      <Code text={CODE} />
    </section>
  )
}

function Ask({ me }: { me: string | null | undefined }) {
  const [asked, setAsked] = useState(0)
  // `asked` is in the key, so that each press asks anew. A key of null does not ask at all.
  const { data, error, isLoading } = useSWR(asked && me ? [me, QUERY, asked] : null, fetcher, { revalidateOnFocus: false, shouldRetryOnError: false })
  const nobody = asked && me === null ? new Error('Nobody is signed in') : undefined
  return (
    <>
      <div className="actions"><button type="button" className="run run-quiet" data-testid="hasura-swr-run" aria-busy={isLoading} onClick={() => setAsked(asked + 1)}>Run with SWR</button></div>
      <Rows id="hasura-swr" rows={data?.messages} error={nobody ?? error} />
    </>
  )
}
