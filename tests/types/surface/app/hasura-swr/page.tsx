'use client'
import useSWR from 'swr'
import { useIdentityKey } from 'countersign/react'
import { hasura } from '@/lib/backends'

const QUERY = '{ __schema { types { name } } }'
type Data = { __schema: { types: { name: string }[] } }

export default function Page() {
  const me = useIdentityKey()                                   // null: signed out, undefined: not known yet; both: do not ask
  const { data, error } = useSWR(me ? [me, QUERY] : null, ([, query]) => hasura.request<Data>(query))
  if (error) return <p>{error.message}</p>
  return <p>{data?.__schema.types.length} types</p>
}
