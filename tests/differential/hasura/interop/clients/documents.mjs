// What every client is asked. The rows of a room are read, written and watched; who may see which is Hasura's business.
export const LIST = 'query List($room: String!) { messages(where: { room: { _eq: $room } }, order_by: { id: asc }) { id body } }'
export const LIVE = LIST.replace('query List', 'subscription Live')
export const ADD = 'mutation Add($room: String!, $body: String!) { insert_messages_one(object: { room: $room, body: $body }) { id body } }'
export const STREAM = 'subscription Stream($room: String!, $after: uuid!) { messages_stream(batch_size: 10, cursor: [{ initial_value: { id: $after } }], where: { room: { _eq: $room } }) { id body } }'
export const INVALID = 'subscription { nonsense }'
export const BEGINNING = '00000000-0000-0000-0000-000000000000'

/** @param {any} data */
export const bodies = (data) => data && (data.messages ?? data.messages_stream ?? data.messages_connection.edges.map((/** @type {any} */ { node }) => node)).map((/** @type {any} */ { body }) => body)

/**
 * A client as the tests drive it, in its own idiom.
 * @typedef {object} Driver
 * @property {(room: string) => Promise<string[]>} list   asks the server
 * @property {(room: string, body: string) => Promise<string>} add
 * @property {(room: string, sink: Seen) => () => void} [live]
 * @property {(room: string, sink: Seen) => () => void} [stream]
 * @property {(room: string, sink: Seen) => () => void} [invalid]   a subscription that cannot be
 * @property {(room: string) => string[] | null | undefined} [shown]   what it would show without asking
 * @property {(error: any) => any[] | undefined} graphql   the errors of Hasura, where its users look for them
 * @property {(error: any) => any} cause   what `fetch` rejected with, where its users look for it
 *
 * @typedef {{ next(bodies: string[]): void, error(error: any): void, complete(): void }} Seen
 */
