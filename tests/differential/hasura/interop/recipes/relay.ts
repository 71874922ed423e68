import { useSyncExternalStore } from 'react'
import { Environment, type FetchFunction, Network, Observable, RecordSource, Store, type SubscribeFunction } from 'relay-runtime'
import { HasuraClient } from 'countersign/hasura'
import { session } from '@/lib/backends'

const endpoint = process.env.NEXT_PUBLIC_HASURA_RELAY_URL! // …/v1beta1/relay
const relay = new HasuraClient({ session, template: 'hasura', endpoint })

const fetchQuery: FetchFunction = async ({ text, name }, variables) => {
  const body = JSON.stringify({ query: text, operationName: name, variables })
  return (await relay.fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()
}
const subscribe: SubscribeFunction = ({ text, name }, variables) => Observable.create((sink) => relay.subscribe({ query: text!, operationName: name, variables }, sink as any))
const make = () => new Environment({ network: Network.create(fetchQuery, subscribe), store: new Store(new RecordSource()) })

// The store is one user's: the next user gets an environment of their own.
let environment = make()
const listeners = new Set<() => void>()
session.on('forget', () => {
  environment = make()
  for (const listener of listeners) listener()
})
const listen = (listener: () => void) => (listeners.add(listener), () => void listeners.delete(listener))
/** `<RelayEnvironmentProvider environment={useEnvironment()}>` */
export const useEnvironment = () => useSyncExternalStore(listen, relayEnvironment, relayEnvironment)
export const relayEnvironment = () => environment
