'use client'
import useSWR from 'swr'
import { useIdentityKey } from 'countersign/react'
import { hasura } from '@/lib/backends'

const URL = process.env.NEXT_PUBLIC_HASURA_URL!
const query = '{ __schema { types { name } } }'

const fetcher = async () => {                                   // the shape of Clerk's guide: SWR, fetch, and nothing of ours but `fetch`
  const response = await hasura.fetch(URL, { method: 'POST', body: JSON.stringify({ query }), headers: { 'content-type': 'application/json' } })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors[0].message)
  return data as { __schema: { types: unknown[] } }
}
export default function Page() {
  const me = useIdentityKey()
  const { data, error } = useSWR(me && [me, query], fetcher)
  return error ? <p>{error.message}</p> : <p>{data?.__schema.types.length} types</p>
}
