import { CountersignError, scrub } from '../errors.js'
import type { Explained } from '../internal.js'
import { ConvexRequestError } from './errors.js'

/** `true`: the token was refused before the function ran, and another one may be taken. */
export const isCurable = (code: unknown): boolean => code === 'Unauthenticated' || code === 'TokenExpired' || code === 'InvalidAuthHeader'

const transient = new Set([408, 425, 429, 502, 503, 504])

/** The body `{ code, message }` of a refused request; anything else (a proxy's page) has neither. */
export const readFailure = (text: string): { code?: string; message?: string } => {
  try {
    const body = JSON.parse(text) as { code?: unknown; message?: unknown } | null
    return { ...(typeof body?.code === 'string' ? { code: body.code } : {}), ...(typeof body?.message === 'string' ? { message: body.message } : {}) }
  } catch {
    return {}
  }
}

/** The error for an answer that is neither 200 nor 560. */
export const requestError = async (status: number, text: string, explain: () => Promise<Explained | undefined>, template?: string): Promise<ConvexRequestError> => {
  const { code, message } = readFailure(text)
  const words = scrub(message ?? (text.trim() || `HTTP ${status}`))
  const details = { template, retryable: transient.has(status) }
  if (isCurable(code) || code === 'NoAuthProvider' || (status === 401 && code !== 'BadAdminKey'))
    return new ConvexRequestError('token_rejected', words, status, code, { ...details, kind: 'token', ...(await explain()) })
  const hint = code === 'AuthProviderDiscoveryFailed'
    ? "Convex could not read the issuer's configuration: `domain` in convex/auth.config.ts must be the token's issuer, reachable from the Convex server"
    : undefined
  // A word of theirs that is spelt like one of ours must not be taken for it.
  const own = code && new CountersignError(code, '').kind === 'backend' ? code : 'backend'
  return new ConvexRequestError(own, words, status, code, { ...details, kind: 'backend', hint })
}
