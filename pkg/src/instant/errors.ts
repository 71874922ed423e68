import { CountersignError, type ErrorDetails } from '../errors.js'

/** The parts of Instant's error body that name no secret. */
export interface InstantErrorBody {
  type?: string
  message?: string
  recordType?: string
  dataType?: string
}

/** Instant answered with an error. `message` is its real text (OAuth errors carry it under another key), tokens cut out. */
export class InstantAPIError extends CountersignError {
  readonly status: number
  readonly body: InstantErrorBody
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number

  constructor(status: number, body: InstantErrorBody, retryAfterMs: number, details: ErrorDetails & { code: string }) {
    super(details.code, body.message ?? `API Error (${status})`, { backend: 'instant', ...details })
    this.name = 'InstantAPIError'
    this.status = status
    this.body = body
    this.retryAfterMs = retryAfterMs
  }
}
