/** What `npx convex codegen` would write for `functions/`: the public functions with their arguments and results. */
import type { FunctionReference, PaginationOptions, PaginationResult } from 'convex/server'

export type Message = { _id: string; _creationTime: number; body: string; owner: string; room: string }
export type Me = { issuer: string; subject: string; tokenIdentifier: string; name: string | null; email: string | null; emailVerified: boolean | null }
type None = Record<string, never>
type Query<Args extends Record<string, any>, Result> = FunctionReference<'query', 'public', Args, Result>
type Mutation<Args extends Record<string, any>, Result> = FunctionReference<'mutation', 'public', Args, Result>
type Action<Args extends Record<string, any>, Result> = FunctionReference<'action', 'public', Args, Result>

export declare const api: {
  messages: {
    getForCurrentUser: Query<None, Message[]>
    list: Query<{ room?: string }, Message[]>
    send: Mutation<{ body: string; room?: string }, string>
    page: Query<{ paginationOpts: PaginationOptions }, PaginationResult<Message>>
  }
  users: { me: Query<None, Me | null> }
  counter: {
    increment: Mutation<{ name?: string; requestId?: string }, { value: bigint; executions: number }>
    read: Query<{ name?: string }, bigint>
  }
  values: { echo: Query<{ value: any }, any> }
  errors: { app: Query<None, null>; plain: Query<None, null>; halfWritten: Mutation<None, null> }
  actions: { shout: Action<{ text: string }, { text: string; by: string | null }> }
}
