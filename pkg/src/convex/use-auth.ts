'use client'
import { useSyncExternalStore } from 'react'
import type { Session } from '../types.js'
import { tokenFetcher } from './token.js'

/** What `ConvexProviderWithAuth` wants from its `useAuth`. */
export interface ConvexAuth {
  isLoading: boolean
  isAuthenticated: boolean
  fetchAccessToken: (options: { forceRefreshToken: boolean }) => Promise<string | null>
}

const none = async () => null
const unknown = () => undefined

/**
 * The `useAuth` hook for `ConvexProviderWithAuth`. Call it once, at module level. `fetchAccessToken` stays the same function as long as
 * the identity does: Convex signs out and in again whenever it changes.
 */
export const createUseAuth = <T extends string>(session: Session<T>, options: { template: NoInfer<T> }): (() => ConvexAuth) => {
  const subscribe = (listener: () => void) => session.on('identity', listener)
  const read = () => session.identityKey
  let made: { key: string; auth: ConvexAuth } | undefined
  const signedOut: ConvexAuth = { isLoading: false, isAuthenticated: false, fetchAccessToken: none }
  const loading: ConvexAuth = { isLoading: true, isAuthenticated: false, fetchAccessToken: none }

  return function useAuth() {
    const key = useSyncExternalStore(subscribe, read, unknown)
    if (key === undefined) return loading
    if (key === null) return signedOut
    if (made?.key !== key) {
      const fetcher = tokenFetcher(session, options.template, () => session.identityKey === key)
      const fetchAccessToken: ConvexAuth['fetchAccessToken'] = async (o) => (await fetcher(o)) ?? null
      made = { key, auth: { isLoading: false, isAuthenticated: true, fetchAccessToken } }
    }
    return made.auth
  }
}
