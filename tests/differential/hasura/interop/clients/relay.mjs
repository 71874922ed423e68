// Relay, with documents as its compiler makes them.
import { commitMutation, createOperationDescriptor, fetchQuery, requestSubscription } from 'relay-runtime'
import { bodies } from './documents.mjs'
import { recipe } from '../recipe.mjs'

const scalar = (name) => ({ alias: null, args: null, kind: 'ScalarField', name, storageKey: null })
const linked = (name, concreteType, selections, { args = null, plural = false } = {}) => ({ alias: null, args, concreteType, kind: 'LinkedField', name, plural, selections, storageKey: null })
const object = (name, fields) => ({ kind: 'ObjectValue', name, fields })
const variable = (name, variableName = name) => ({ kind: 'Variable', name, variableName })

/** @param {string} operationKind @param {string} name @param {string} text @param {string[]} variables @param {object[]} selections */
const request = (operationKind, name, text, variables, selections) => {
  const argumentDefinitions = variables.map((name) => ({ defaultValue: null, kind: 'LocalArgument', name }))
  return {
    kind: 'Request',
    fragment: { argumentDefinitions, kind: 'Fragment', metadata: null, name, selections, type: `${operationKind}_root`, abstractKey: null },
    operation: { argumentDefinitions, kind: 'Operation', name, selections },
    params: { cacheID: name, id: null, metadata: {}, name, operationKind, text },
  }
}

const message = [scalar('id'), scalar('body')]
const connection = [linked('messages_connection', 'messagesConnection', [linked('edges', 'messagesEdge', [linked('node', 'messages', message)], { plural: true })], {
  args: [{ kind: 'Literal', name: 'first', value: 1000 }, object('where', [object('room', [variable('_eq', 'room')])])],
})]
const text = '($room: String!) { messages_connection(first: 1000, where: { room: { _eq: $room } }) { edges { node { id body } } } }'
const LIST = request('query', 'List', `query List${text}`, ['room'], connection)
const LIVE = request('subscription', 'Live', `subscription Live${text}`, ['room'], connection)
const ADD = request('mutation', 'Add', 'mutation Add($room: String!, $body: String!) { insert_messages_one(object: { room: $room, body: $body }) { id body } }', ['room', 'body'],
  [linked('insert_messages_one', 'messages', message, { args: [object('object', [variable('room'), variable('body')])] })])
const NODE = request('query', 'Node', 'query Node($id: ID!) { node(id: $id) { __typename id ... on messages { body } } }', ['id'],
  [linked('node', null, [scalar('__typename'), scalar('id'), { kind: 'InlineFragment', type: 'messages', abstractKey: null, selections: [scalar('body')] }], { args: [variable('id')] })])

/** @param {{ hasura: any, session: any }} backends */
export const relay = async (backends) => {
  const { relayEnvironment } = await recipe('relay.ts', backends)
  const ask = (query, variables) => fetchQuery(relayEnvironment(), query, variables, { fetchPolicy: 'network-only' }).toPromise()
  return {
    relayEnvironment,
    rows: async (room) => (await ask(LIST, { room })).messages_connection.edges.map(({ node }) => node),
    node: async (id) => (await ask(NODE, { id })).node,
    list: async (room) => bodies(await ask(LIST, { room })),
    add: (room, body) => new Promise((resolve, reject) => {
      commitMutation(relayEnvironment(), { mutation: ADD, variables: { room, body }, onCompleted: (data) => resolve(data.insert_messages_one.body), onError: reject })
    }),
    live: (room, sink) => requestSubscription(relayEnvironment(), { subscription: LIVE, variables: { room }, onNext: (data) => sink.next(bodies(data)), onError: sink.error, onCompleted: sink.complete }).dispose,
    shown: (room) => {
      const { data } = relayEnvironment().lookup(createOperationDescriptor(LIST, { room }).fragment)
      return data.messages_connection && bodies(data)
    },
    graphql: (error) => error.source.errors,
    cause: (error) => error,
  }
}
