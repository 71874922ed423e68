// What the page asks of the table `messages`. Whose rows they are is Hasura's affair: it adds the role's conditions to each of these.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { gql } from 'graphql-tag'

export interface Message { id: string; body: string; owner: string }

export const MESSAGES: TypedDocumentNode<{ messages: Message[] }, Record<string, never>> = gql`
  subscription Messages {
    messages(order_by: { id: desc }) { id body owner }
  }`

/** `id` is a UUIDv7: unique, and in the order of writing, which is what a cursor needs. */
export const STREAM: TypedDocumentNode<{ messages_stream: Message[] }, { after: string }> = gql`
  subscription Log($after: uuid!) {
    messages_stream(batch_size: 20, cursor: { initial_value: { id: $after } }) { id body owner }
  }`
export const BEGINNING = '00000000-0000-0000-0000-000000000000'

export const UNTIL: TypedDocumentNode<{ messages: { id: string }[] }, { until: string }> = gql`
  query Until($until: uuid!) {
    messages(where: { id: { _lte: $until } }) { id }
  }`

export const WRITE: TypedDocumentNode<{ insert_messages_one: { id: string } | null }, { body: string }> = gql`
  mutation Write($body: String!) {
    insert_messages_one(object: { body: $body, room: "kitchen" }) { id }
  }`

export const DELETE: TypedDocumentNode<{ delete_messages_by_pk: { id: string } | null }, { id: string }> = gql`
  mutation Delete($id: uuid!) {
    delete_messages_by_pk(id: $id) { id }
  }`

const WORDS = ['the tide turns at four', 'bread is in the oven', 'the key is under the pot', 'call when you land', 'rain until noon', 'the ladder is at Bob’s', 'two lemons, please', 'the kettle is on', 'gate 14, not 12', 'found your scarf']
let said = Math.floor(Math.random() * WORDS.length)
/** Something to say, another thing each time. @param {string} name of who says it */
export const something = (name: string) => `${name.split(' ')[0]}: ${WORDS[said++ % WORDS.length]}`
