// Both versions of Apollo Client. They differ in their errors.
import { gql } from '@apollo/client'
import gql3 from 'graphql-tag'
import { ADD, BEGINNING, bodies, INVALID, LIST, LIVE, STREAM } from './documents.mjs'
import { recipe } from '../recipe.mjs'

/** @param {string} file @param {(text: string) => any} tag @param {Pick<import('./documents.mjs').Driver, 'graphql' | 'cause'>} words */
const driver = (file, tag, words) => async (backends) => {
  const { apollo } = await recipe(file, backends)
  const [list, live, add, stream, invalid] = [LIST, LIVE, ADD, STREAM, INVALID].map((text) => tag(text))
  const watch = (query, variables, sink, options = {}) => {
    const subscription = apollo.subscribe({ query, variables, errorPolicy: 'all', ...options }).subscribe({
      next: ({ data, error, errors }) => (error ?? errors ? sink.error(error ?? errors) : sink.next(bodies(data))),
      error: sink.error, complete: sink.complete,
    })
    return () => subscription.unsubscribe()
  }
  return {
    apollo, ...words,
    list: async (room) => bodies((await apollo.query({ query: list, variables: { room }, fetchPolicy: 'network-only' })).data),
    add: async (room, body) => (await apollo.mutate({ mutation: add, variables: { room, body } })).data.insert_messages_one.body,
    live: (room, sink) => watch(live, { room }, sink),
    stream: (room, sink) => watch(stream, { room, after: BEGINNING }, sink, { fetchPolicy: 'no-cache' }), // a batch is no newer state of the one before
    invalid: (_, sink) => watch(invalid, {}, sink),
    shown: (room) => bodies(apollo.readQuery({ query: list, variables: { room } })),
  }
}

export const apollo4 = driver('apollo.ts', gql, { graphql: (error) => error.errors, cause: (error) => error })
export const apollo3 = driver('apollo-3.ts', gql3, { graphql: (error) => error.graphQLErrors, cause: (error) => error.networkError })
