// Streams and feeds as code for the official driver uses them: compiled as it stands, and with only the import changed.
import {
  Client,
  FeedClient,
  FeedPage,
  fql,
  ServiceError,
  StreamClient,
  StreamToken,
  FetchClient,
  ConsoleLogHandler,
  LOG_LEVELS,
  type DocumentT,
  type EventSource,
  type FeedClientConfiguration,
  type FeedError,
  type FeedRequest,
  type FeedSuccess,
  type Query,
  type QueryStats,
  type StreamClientConfiguration,
  type StreamEventData,
  type StreamEventError,
  type StreamEventStatus,
  type StreamRequest,
} from 'fauna'

type Message = DocumentT<{ text: string; at: number }>
declare const client: Client
const source: EventSource = new StreamToken('token')
const query: Query<EventSource> = fql<EventSource>`Message.all().eventSource()`

export async function follow(): Promise<string | undefined> {
  const stream: StreamClient<Message> = client.stream<Message>(query, { status_events: true, max_attempts: 10, max_backoff: 5, long_type: 'bigint', secret: 'other', logger: new ConsoleLogHandler(LOG_LEVELS.OFF) })
  let cursor: string | undefined
  try {
    for await (const event of stream) {
      cursor = event.cursor
      switch (event.type) {
        case 'add':
        case 'update':
        case 'remove':
          console.log(event.data.text.length, event.data.id, event.txn_ts.toFixed(), event.stats.read_ops)
          break
        case 'status':
          console.log(event.stats.storage_bytes_read, event.cursor)
      }
      if (stream.last_ts !== undefined && stream.last_ts > 5) stream.close()
    }
  } catch (error) {
    if (error instanceof ServiceError) console.log(error.code)
  }
  return stream.closed ? cursor : undefined
}

export function listen(onMessage: (message: Message) => void): () => void {
  const stream = client.stream<Message>(source, { cursor: 'c' })
  stream.start(
    (event) => {
      if (event.type !== 'status') onMessage(event.data)
    },
    (error: Error) => console.error(error.message),
  )
  return () => stream.close()
}
export const handlers: { onEvent: (event: StreamEventData<Message> | StreamEventStatus) => void; onError: (error: Error) => void } = { onEvent: (event) => console.log(event.type), onError: console.error }
client.stream<Message>(source).start(handlers.onEvent, handlers.onError)

const transport = new FetchClient({ url: 'https://fauna.example', fetch_keepalive: false, http2_max_streams: 1, http2_session_idle_ms: 1 })
const streaming: StreamClientConfiguration = { httpStreamClient: transport, long_type: 'number', max_attempts: 3, max_backoff: 20, secret: 's', logger: new ConsoleLogHandler(LOG_LEVELS.OFF), status_events: false }
export const own: StreamClient[] = [new StreamClient(source, streaming), new StreamClient<Message>(async () => source, { ...streaming, cursor: 'c' })]

export async function pages(start_ts: number): Promise<[Message[], string | undefined]> {
  const feed: FeedClient<Message> = client.feed<Message>(query, { page_size: 100, start_ts, max_attempts: 3, query_timeout_ms: 100, client_timeout_buffer_ms: 0 })
  const all: Message[] = []
  let cursor: string | undefined
  for await (const page of feed) {
    const whole: FeedPage<Message> = page
    const stats: QueryStats | undefined = whole.stats
    for (const event of whole.events) all.push(event.data)
    cursor = whole.cursor
    if (!whole.hasNext) console.log('caught up', stats?.compute_ops)
  }
  const next = await client.feed<Message>(source, { cursor: 'c' }).nextPage()
  for await (const { data, type } of client.feed<Message>(source).flatten()) console.log(type, data.text)
  return [[...all, ...[...next.events].map(({ data }) => data)], cursor]
}
const feeding: FeedClientConfiguration = { httpClient: transport, long_type: 'number', max_attempts: 3, max_backoff: 20, client_timeout_buffer_ms: 5, query_timeout_ms: 5, secret: 's', logger: new ConsoleLogHandler(LOG_LEVELS.OFF) }
export const fed: FeedClient[] = [new FeedClient(source, feeding), new FeedClient<Message>(async () => source, { ...feeding, page_size: 5 })]

const event: StreamEventData<number> = { type: 'add', txn_ts: 1, cursor: 'c', stats: {} as QueryStats, data: 5 }
const refused: StreamEventError = { type: 'error', error: { code: 'abort', message: 'm' } }
export const page: FeedSuccess<number> = { events: [event, refused], cursor: 'c', has_next: false }
export const read: FeedPage<number> = new FeedPage(page)
export const bodies: [StreamRequest, FeedRequest, FeedError] = [{ token: 't', cursor: 'c' }, { token: 't', start_ts: 5, page_size: 2 }, { error: { code: 'c', message: 'm' } }]
