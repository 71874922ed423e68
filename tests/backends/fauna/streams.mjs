// `POST /stream/1`: what happened after a point, then what happens, each event one JSON object and CR LF.
//
// The first event is always `status`. An event of type `error` is the last. The caller's right to listen is looked at before
// every batch of events and on a clock of its own. What the knobs do to a stream is in ./line.mjs.
import { LAST, writeCursor } from './cursor.mjs'
import { NO_STATS } from './events.mjs'
import { badRequest } from './errors.mjs'
import { writeJson } from './json.mjs'
import { Line } from './line.mjs'
import { subscription, tooOld } from './subscribe.mjs'

const ERRORS = {
  replay: { code: 'stream_replay_volume_exceeded', message: 'Too many events to replay. Recreate the stream and try again.' },
  overflow: { code: 'stream_overflow', message: 'Too many events to process.' },
  permission: { code: 'permission_loss', message: 'Stream authentication is no longer valid.' },
}

export const STREAM_KNOBS = { statusEveryMs: 300_000, revalidateEveryMs: 60_000, replayLimit: 128, firstByteMs: 0, silent: false, splitChunks: false, cutNext: 0 }

/** All open streams of one server. */
export class Streams {
  /** @param {import('./database.mjs').Database} db @param {() => typeof STREAM_KNOBS} knobs */
  constructor(db, knobs) {
    this.db = db
    this.knobs = knobs
    /** @type {Set<Stream>} */
    this.open = new Set()
    this.opened = 0
  }
  /**
   * Answers a request, or throws what is to be answered instead.
   * @param {import('../lib/server.mjs').Request} req @param {import('./database.mjs').Session} session @param {Record<string, string>} headers
   */
  start(req, session, headers) {
    const { reader, from, madeAt } = subscription(req.text, this.db, session, { end: '', startOrdinal: LAST })
    if (from.ts < madeAt) throw badRequest('Invalid stream start time: Stream start time can not be before the stream create time.')
    const stream = new Stream({ streams: this, req, reader, session, from, headers })
    this.open.add(stream)
    this.opened += 1
    stream.begin()
  }
  endAll() {
    for (const stream of [...this.open]) stream.end()
  }
  cutAll() {
    for (const stream of [...this.open]) stream.cut()
  }
  overflowAll() {
    for (const stream of [...this.open]) stream.fail(ERRORS.overflow)
  }
  /** The knobs have changed. */
  turned() {
    for (const stream of [...this.open]) stream.turned()
  }
}

class Stream {
  constructor({ streams, req, reader, session, from, headers }) {
    Object.assign(this, { streams, db: streams.db, reader, session, from })
    this.line = new Line(req.res, headers, streams.knobs)
    this.watch = (entry) => this.told(reader.tell(entry))
    req.signal.addEventListener('abort', () => this.close(), { once: true })
  }

  begin() {
    this.store = this.db.store
    this.store.watchers.add(this.watch)
    this.arm()
    this.line.open()
    this.status(this.from.ts)
    const error = tooOld(this.from, this.db)
    if (error) return this.fail(error)
    this.told(this.replay())
  }
  *replay() {
    let left = this.streams.knobs().replayLimit
    for (const told of this.reader.replay(this.from)) {
      if (told.event && left-- === 0) return void (yield { event: { type: 'error', error: ERRORS.replay, stats: NO_STATS }, terminal: true })
      yield told
    }
  }
  /** @param {Iterable<{ event?: Record<string, any>, terminal: boolean }>} batch */
  told(batch) {
    for (const { event, terminal } of batch) {
      if (!this.allowed()) return
      if (event) this.line.send(writeJson(event))
      if (terminal) return this.end()
    }
  }
  allowed() {
    if (this.closed) return false
    if (this.db.stillValid(this.session)) return true
    this.fail(ERRORS.permission)
    return false
  }
  status(ts) {
    this.line.send(writeJson({ type: 'status', txn_ts: ts, cursor: writeCursor({ ts, ordinal: 0 }), stats: NO_STATS }))
  }
  fail(error) {
    if (this.closed) return
    this.line.send(writeJson({ type: 'error', error, stats: NO_STATS }))
    this.end()
  }

  // Clocks -----------------------------------------------------------------------------------------------------------
  arm() {
    const { statusEveryMs, revalidateEveryMs } = this.streams.knobs()
    const idle = () => this.allowed() && this.status(this.store.tick(this.db.micros()))
    this.clocks = [setInterval(idle, statusEveryMs), setInterval(() => this.allowed(), revalidateEveryMs)]
  }
  disarm() {
    for (const clock of this.clocks ?? []) clearInterval(clock)
  }
  turned() {
    this.disarm()
    this.arm()
    this.line.turned()
  }

  // Ends -------------------------------------------------------------------------------------------------------------
  end() {
    if (this.close()) this.line.end()
  }
  /** In the middle of an event, without a word. */
  cut() {
    if (!this.close()) return
    const ts = this.store.tick(this.db.micros())
    this.line.cut(writeJson({ type: 'status', txn_ts: ts, cursor: writeCursor({ ts, ordinal: 0 }), stats: NO_STATS }))
  }
  /** Nothing is told any more. @returns {boolean} whether it was open */
  close() {
    if (this.closed) return false
    this.closed = true
    this.disarm()
    this.store?.watchers.delete(this.watch)
    this.streams.open.delete(this)
    return true
  }
}
