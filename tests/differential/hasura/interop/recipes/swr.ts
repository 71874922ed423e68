import { useIdentityKey } from 'countersign/react'
import useSWR, { mutate, type SWRConfiguration } from 'swr'
import useSWRSubscription from 'swr/subscription'
import { hasura, session } from '@/lib/backends'

type Variables = Record<string, unknown>

/** Whose it is, is part of the key; while that is not known, and when nobody is signed in, nothing is asked. */
export function useHasura<R>(query: string, variables: Variables = {}, options: SWRConfiguration<R, Error> = {}) {
  const me = useIdentityKey()
  return useSWR<R, Error>(me ? [me, query, variables] : null, () => hasura.request<R>(query, variables), options)
}

export function useHasuraLive<R>(query: string, variables: Variables = {}) {
  const me = useIdentityKey()
  return useSWRSubscription<R, Error, unknown[] | null>(me ? [me, query, variables] : null, (_, { next }) =>
    hasura.live<R>(query, variables).subscribe({ next: (data) => next(null, data), error: (error) => next(error as Error) }))
}

// Nobody sees it any more; this frees it.
session.on('forget', () => void mutate(() => true, undefined, { revalidate: false }))
