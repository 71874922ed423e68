'use client'
import { useIdentityKey } from 'countersign/react'
import useSWR from 'swr'
import { hasura } from '@/lib/backends'

const QUERY = '{ __schema { types { name } } }'
type Data = { __schema: { types: { name: string }[] } }

export default function Page() {
  const me = useIdentityKey() // null: signed out, undefined: not known yet; both: do not ask
  const { data, error } = useSWR<Data, Error>(me ? [me, QUERY] : null, () => hasura.request<Data>(QUERY))
  if (error) return <p role="alert">{error.message}</p>
  return <p>{data ? `${data.__schema.types.length} types` : me === null ? 'Please sign in' : 'Asking…'}</p>
}
