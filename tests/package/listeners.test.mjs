// When listeners are told: never from inside the call that caused the event.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { fakeProvider } = await entry('testing')

test('no listener is told before the call that caused the event has returned', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false, ...provider })
  t.after(() => session.dispose())
  await session.getToken('x')
  let inside = ''
  const told = /** @type {string[]} */ ([])
  const within = (/** @type {string} */ what, /** @type {() => unknown} */ call) => {
    inside = what
    call()
    inside = ''
  }
  within('subscribe', () => session.subscribe((event) => told.push(inside ? `${event.type} inside ${inside}` : event.type)))
  within('another user', () => provider.signIn('bob'))
  within('a hold', () => session.identityChanged(undefined))
  within('back', () => provider.signIn('bob'))
  within('getToken', () => session.getToken('x', { force: true }).catch(() => {}))
  within('connect', () => session.connect(fakeProvider({ user: 'carol' })))
  await until(() => told.includes('identity'))
  await session.getToken('x')
  await until(() => told.includes('token'))
  assert.deepEqual(told.filter((what) => what.includes('inside')), [])
})
