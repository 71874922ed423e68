'use client'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { useLive } from 'countersign/react'
import { hasura } from '@/lib/backends'
import { gql } from 'graphql-tag'

const MESSAGES: TypedDocumentNode<{ messages: { id: string; body: string }[] }, { room: string }> = gql`
  subscription ($room: String!) { messages(where: { room: { _eq: $room } }) { id body } }`

export default function Page() {
  const { data, error } = useLive(hasura.live(MESSAGES, { room: 'lobby' }))
  if (error) return <p>{error.message}</p>
  return <ul>{data?.messages.map((m) => <li key={m.id}>{m.body}</li>)}</ul>
}
