// Failures in Clerk's shape: `{ errors: [{ code, message, long_message }], clerk_trace_id }`.
import { randomUUID } from 'node:crypto'

/** @typedef {{ status: number, code: string, message: string, long: string }} ClerkFailure */

/** @param {ClerkFailure} failure */
export const clerkError = ({ status, code, message, long }) => ({
  status,
  body: { errors: [{ code, message, long_message: long, meta: {} }], clerk_trace_id: randomUUID().replaceAll('-', '') },
})

export const ERRORS = {
  signedOut: { status: 401, code: 'authentication_invalid', message: 'Invalid authentication', long: 'Unable to authenticate the request, you need to supply an active session' },
  notFound: { status: 404, code: 'resource_not_found', message: 'not found', long: 'The URL was not found.' },
  unknownIdentifier: { status: 422, code: 'form_identifier_not_found', message: "Couldn't find your account.", long: "Couldn't find your account. The local accounts are alice and bob." },
  /** @param {string} template */
  unknownTemplate: (template) => ({ status: 404, code: 'resource_not_found', message: 'not found', long: `No JWT template exists with name: ${template}` }),
  /** What Clerk says with a status that a knob asks for. @param {number} status @returns {ClerkFailure} */
  forStatus(status) {
    if (status === 401) return ERRORS.signedOut
    if (status === 403) return { status, code: 'user_banned', message: 'User is banned', long: 'This user is banned and cannot sign in.' }
    if (status === 404) return ERRORS.notFound
    if (status === 429) return { status, code: 'too_many_requests', message: 'Too many requests. Please try again in a bit.', long: 'Too many requests. Please try again in a bit.' }
    if (status === 422) return { status, code: 'form_param_invalid', message: 'is invalid', long: 'A parameter is invalid.' }
    return { status, code: 'internal_clerk_error', message: 'Oops, an unexpected error occurred', long: 'There was an internal error on our servers.' }
  },
}
