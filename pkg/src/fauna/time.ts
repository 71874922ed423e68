import { kind } from './kind.js'

// The grammar Fauna's JavaScript driver accepts: years beyond 9999 carry a sign, U+2212 counts as a minus, and the zone is `Z` or an offset.
const year = '(?:\\d{4}|[\\u2212-]\\d{4,}|\\+\\d{5,})'
const day = `${year}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])`
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d'
const isDay = new RegExp(`^${day}$`)
const isTime = new RegExp(`^${day}T${clock}:[0-5]\\d(?:\\.\\d+)?(?:[zZ]|[+\\u2212-](?:[01]\\d|2[0-3])(?::?[0-5]\\d|:[0-5]\\d:[0-5]\\d))$`)

const text = (value: unknown, shape: RegExp, wanted: string): string => {
  if (typeof value !== 'string') throw new TypeError(`Expected a string (${wanted}) but received ${typeof value}`)
  if (!shape.test(value)) throw new RangeError(`Expected ${wanted} but received '${value.slice(0, 80)}'`)
  return value
}

const native = (date: Date): Date => {
  if (Number.isNaN(+date)) throw new RangeError('Fauna Date could not be converted to Javascript Date')
  return date
}

/** A Fauna `Time`, kept as the exact text that the server sent: nanoseconds survive, which a JavaScript `Date` would cut to milliseconds. */
export class TimeStub {
  /** ISO 8601 instant, for example `2024-05-01T10:11:12.123456789Z`. */
  declare readonly isoString: string

  private constructor(isoString: string) {
    this.isoString = isoString
  }

  /**
   * Takes an ISO 8601 instant with a zone.
   * @throws TypeError when it is no string, RangeError when it is no instant.
   */
  static from(isoString: string): TimeStub {
    return new TimeStub(text(isoString, isTime, 'an ISO 8601 date and time with a zone'))
  }

  /**
   * Takes a JavaScript date, to the millisecond.
   * @throws RangeError when the date is invalid.
   */
  static fromDate(date: Date): TimeStub {
    return new TimeStub(date.toISOString())
  }

  /**
   * The instant as a JavaScript date; what is finer than a millisecond is lost.
   * @throws RangeError when JavaScript does not read the text: years outside 0 to 9999, offsets with seconds. Most engines make March of the 31st of February.
   */
  toDate(): Date {
    return native(new Date(this.isoString))
  }

  /** `TimeStub("...")`. */
  toString(): string {
    return `TimeStub("${this.isoString}")`
  }

  /** The ISO text, as Fauna's `simple` format writes it. */
  toJSON(): string {
    return this.isoString
  }

  /** @internal */
  get [kind](): 'time' {
    return 'time'
  }
}

/** A Fauna `Date`: a day of the calendar, without a time and without a zone. */
export class DateStub {
  /** `YYYY-MM-DD`. */
  declare readonly dateString: string

  private constructor(dateString: string) {
    this.dateString = dateString
  }

  /**
   * Takes `YYYY-MM-DD`.
   * @throws TypeError when it is no string, RangeError when it is no date.
   */
  static from(dateString: string): DateStub {
    return new DateStub(text(dateString, isDay, 'a plain date such as 2024-05-01'))
  }

  /**
   * The day on which the date falls in UTC.
   * @throws RangeError when the date is invalid.
   */
  static fromDate(date: Date): DateStub {
    return DateStub.from(date.toISOString().slice(0, -14))
  }

  /**
   * Midnight UTC of that day.
   * @throws RangeError as {@link TimeStub.toDate}.
   */
  toDate(): Date {
    return native(new Date(this.dateString + 'T00:00:00Z'))
  }

  /** `DateStub("...")`. */
  toString(): string {
    return `DateStub("${this.dateString}")`
  }

  /** The text of the day, as Fauna's `simple` format writes it. */
  toJSON(): string {
    return this.dateString
  }

  /** @internal */
  get [kind](): 'date' {
    return 'date'
  }
}
