import { CountersignError, type ErrorDetails } from '../errors.js'

/** The parts of Instant's error body that name no secret. What the server echoes (tokens, codes, addresses, the input) is not among them. */
export interface InstantErrorBody {
  /** The server's own name for the failure, `record-not-found` for one. */
  type?: string
  /** Its words, tokens cut out. */
  message?: string
  /** `hint.record-type`: what was not found, or not unique. */
  recordType?: string
  /** `hint.data-type`: what was not valid. */
  dataType?: string
  /** The parameter, or the entity and action of the permission rule, that this is about. */
  about?: string
  /** Names the request in the server's own logs. */
  traceId?: string
}

/** Instant answered with an error. `message` is its real text (OAuth errors carry it under another key), tokens cut out; `code` is `body.type`, or `token_rejected`. */
export class InstantAPIError extends CountersignError {
  readonly status: number
  readonly body: InstantErrorBody
  /** How long the server asked to be left alone, in milliseconds; 0 when it did not say. */
  readonly retryAfterMs: number

  constructor(status: number, body: InstantErrorBody, retryAfterMs: number, details: ErrorDetails & { code: string }) {
    super(details.code, body.message ?? `API Error (${status})`, { backend: 'instant', ...details })
    this.name = 'InstantAPIError'
    this.status = status
    this.body = body
    this.retryAfterMs = retryAfterMs
  }
}
