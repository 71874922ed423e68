// What the doctor makes of a token that Fauna refused. Loaded with the first such error, or for check().
import * as doctor from '../diagnose.js'
import type { CountersignError } from '../errors.js'
import type { Explained } from '../internal.js'
import type { Finding } from '../types.js'
import { ProtocolError } from './errors.js'
import { within, type Way } from './transport.js'

/** The error is at hand already: it does not wait longer for its explanation. */
const EXPLAIN_MS = 5000

const tooLarge =
  'Servers answer so when the headers of a request are too large (8 KiB together at Fauna): look at the size of the token, which custom claims make longer, and of query_tags'

/** What we hold ourselves, if it is a JWT: to Fauna it is one as soon as it looks like one. A secret of the database has nothing to look at. */
const jwt = ({ held }: Way): string | undefined => {
  const token = held?.()
  return token && /\bey[\w-]+\./.test(token) ? token : undefined
}

const options = ({ expect: { issuer, audience } }: Way) => ({ backend: 'fauna', expect: { issuer, audience } }) as const

const explain = async (way: Way): Promise<Explained | undefined> => {
  const token = jwt(way)
  return way.channel ? way.channel.explain() : token ? { hint: await doctor.explain(token, options(way)) } : undefined
}

/** Every finding about the current token; none about a secret that is no JWT. */
export const findings = async (way: Way): Promise<Finding[]> => {
  const token = jwt(way)
  return way.channel ? way.channel.check() : token ? doctor.lint(token, options(way)) : []
}

/** Fauna says no more than 401, or 400 `bad request` where the headers are too large; what is wrong is in the token. */
const known = async (error: CountersignError & { httpStatus?: number }, way: Way): Promise<Explained | undefined> => {
  if (error.code === 'unauthorized' || error.httpStatus === 401) return error.hint ? undefined : explain(way)
  if (!(error instanceof ProtocolError) || (error.httpStatus !== 400 && error.httpStatus !== 431)) return undefined
  const [all, told] = await Promise.all([findings(way), explain(way)])
  const size = all.find(({ code }) => code === 'fauna_too_large')
  return { hint: size ? `${size.message} ${size.fix}` : tooLarge, token: told?.token }
}

/**
 * The same error, with `hint` and `token` where the token explains it: a 401, and a 400 or 431 that is no answer of Fauna's own. Every
 * other error is left as it is. Loads the doctor. Rejects with the signal's reason, and with nothing else.
 */
export const explained = async <E extends CountersignError>(error: E, way: Way, signal?: AbortSignal): Promise<E> => {
  const told = await within(EXPLAIN_MS, signal, () => known(error, way)).catch(() => undefined)
  signal?.throwIfAborted()
  return Object.assign(error, told?.hint && { hint: told.hint }, told?.token && { token: told.token })
}
