'use client'
import { useIdentityKey } from 'countersign/react'
import useSWR from 'swr'
import { hasura } from '@/lib/backends'
import { config } from '@/lib/config'

type Data = { messages: { id: string; body: string }[] }
const query = '{ messages { id body } }'

/** The shape of Clerk's guide: SWR, fetch, and nothing of countersign but the fetch. */
const fetcher = async () => {
  const response = await hasura.fetch(config.hasura.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors[0].message)
  return data as Data
}

export default function Page() {
  const me = useIdentityKey()
  const { data, error, mutate } = useSWR(me && [me, query], fetcher)
  if (error) return <p role="alert">{error.message}</p>
  if (!data) return <p>{me === null ? 'Please sign in' : 'Asking…'}</p>
  return (
    <>
      <button type="button" className="run run-quiet" onClick={() => void mutate()}>Ask again</button>
      <ul className="rows" data-testid="swr-rows">{data.messages.map((m) => <li key={m.id}>{m.body}</li>)}</ul>
    </>
  )
}
