/** The levels of logging, lowest first. */
export const LOG_LEVELS = { TRACE: '0', DEBUG: '1', INFO: '2', WARN: '3', ERROR: '4', FATAL: '5', OFF: '6' } as const

/** `'0'` to `'6'`. */
export type LogLevel = (typeof LOG_LEVELS)[keyof typeof LOG_LEVELS]

/** The level that a text names, for instance of an environment variable of yours (none is read here). Anything but `'0'` to `'6'` is OFF. */
export const parseDebugLevel = (debug_level: string | undefined): LogLevel => (/^[0-6]$/.test(debug_level!) ? (debug_level as LogLevel) : LOG_LEVELS.OFF)

/** Takes the driver's log lines: a text with `%s` in it, and what belongs there. No line holds a token. */
export interface LogHandler {
  trace(msg: string, ...args: any[]): void
  debug(msg: string, ...args: any[]): void
  info(msg: string, ...args: any[]): void
  warn(msg: string, ...args: any[]): void
  error(msg: string, ...args: any[]): void
  fatal(msg: string, ...args: any[]): void
}

/** Writes lines of its level and above to the console; `fatal` goes to `console.error`. */
export class ConsoleLogHandler implements LogHandler {
  readonly #level: LogLevel

  constructor(level: LogLevel) {
    this.#level = level
  }

  trace(...line: [msg: string, ...args: any[]]): void {
    if (this.#level <= '0') console.trace(...line)
  }
  debug(...line: [msg: string, ...args: any[]]): void {
    if (this.#level <= '1') console.debug(...line)
  }
  info(...line: [msg: string, ...args: any[]]): void {
    if (this.#level <= '2') console.info(...line)
  }
  warn(...line: [msg: string, ...args: any[]]): void {
    if (this.#level <= '3') console.warn(...line)
  }
  error(...line: [msg: string, ...args: any[]]): void {
    if (this.#level <= '4') console.error(...line)
  }
  fatal(...line: [msg: string, ...args: any[]]): void {
    if (this.#level <= '5') console.error(...line)
  }
}
