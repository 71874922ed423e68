// useLive: whose rows are shown when, and how often is asked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CountersignProvider, fakeProvider, fakeToken, h, library, mount, open, React, turn, until, useLive } from './react-world.mjs'

const { startTransition, Suspense, use, useEffect, useLayoutEffect, useState } = React

/** Questions of a client: who listens now, and everybody who ever did. */
const client = () => {
  const sinks = []
  const asked = []
  const live = (key) => ({
    key,
    subscribe(sink) {
      const one = { key, sink }
      sinks.push(one)
      asked.push(key)
      return () => void (sinks.includes(one) && sinks.splice(sinks.indexOf(one), 1))
    },
  })
  return { live, sinks, asked, send: (rows) => sinks.at(-1).sink.next(rows) }
}

const View = ({ question, shown = [], of }) => {
  const { data, error, isLoading } = useLive(question)
  shown.push([of, question?.key, data])
  useLayoutEffect(() => void shown.push([of, question?.key, data]))
  useEffect(() => void shown.push([of, question?.key, data]))
  return error ? `error: ${error.message}` : isLoading ? 'loading' : String(data)
}

test('one subscription for equal questions; never another question’s or another user’s rows', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  const session = open(t)
  session.connect(provider)
  await session.getToken('x')
  const { live, sinks, asked, send } = client()
  const shown = []
  const tree = (question) => h(CountersignProvider, { session }, h(View, { question, shown }))
  const { host, render, shows, unmount } = await mount(t, tree(live('one')))
  assert.equal(host.textContent, 'loading')
  assert.equal(sinks.length, 1, 'StrictMode leaves one subscription')
  const first = sinks[0].sink
  send('rows of one')
  await shows('rows of one')
  const before = asked.length
  for (let i = 0; i < 5; i++) await render(tree(live('one')))
  assert.equal(asked.length, before, 'an equal question goes on')
  assert.equal(host.textContent, 'rows of one')
  await session.getToken('x', { force: true })
  await turn()
  assert.equal(asked.length, before, 'a refresh asks nothing anew')
  await render(tree(live('two')))
  assert.equal(host.textContent, 'loading')
  first.next('rows of one, late')
  send('rows of two')
  await shows('rows of two')
  first.next('rows of one, later')
  await turn()
  assert.equal(host.textContent, 'rows of two', 'who does not listen any more changes nothing')
  await render(tree(null))
  await render(tree(live('two')))
  assert.equal(host.textContent, 'loading', 'what was there is not shown again')
  send('rows of two')
  provider.signIn('bob')
  await shows('loading')
  assert.equal(sinks.length, 1)
  await render(tree(null))
  assert.equal(host.textContent, 'undefined')
  assert.equal(sinks.length, 0)
  assert.deepEqual(shown.filter(([, key, data]) => data && data !== `rows of ${key}`), [])
  await render(tree(live('two')))
  unmount()
  assert.equal(sinks.length, 0)
})

test('with the identity from React, the rows of alice are gone in the very render that is bob’s, and come back when she does', async (t) => {
  const session = open(t)
  const auth = library('alice')
  const { live, sinks, asked } = client()
  const shown = []
  const tree = (user) => {
    auth.user = user
    return h(CountersignProvider, { session, getToken: auth.getToken, identity: user && { user } }, h(View, { question: live('one'), shown, of: user }))
  }
  const { render, shows } = await mount(t, tree(undefined), { strict: false })
  await shows('loading')
  for (const user of ['alice', 'bob', null, 'alice']) {
    asked.length = 0
    await render(tree(user))
    const rows = `rows of ${user}`
    await until(() => session.status === (user ? 'signedIn' : 'anonymous') && sinks.length === 1)
    await turn()
    assert.deepEqual(asked, ['one'], 'asked once')
    sinks[0].sink.next(rows)
    await shows(rows)
  }
  assert.deepEqual(shown.filter(([of, , data]) => data && data !== `rows of ${of}`), [])
})

test('a transition to another question that has not been committed does not change what is asked for the next user', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  const session = open(t)
  session.connect(provider)
  await session.getToken('x')
  const { live, sinks, asked } = client()
  let go
  const Never = ({ stuck }) => (stuck && use(new Promise(() => {})), null)
  const App = () => {
    const [key, setKey] = useState('one')
    go = () => startTransition(() => setKey('two'))
    return h(CountersignProvider, { session }, h(View, { question: live(key) }), h(Suspense, { fallback: null }, h(Never, { stuck: key === 'two' })))
  }
  const { shows } = await mount(t, h(App), { strict: false })
  sinks[0].sink.next('rows of one')
  await shows('rows of one')
  go()
  await turn()
  provider.signIn('bob')
  await shows('loading')
  await until(() => sinks.length)
  assert.deepEqual(asked, ['one', 'one'])
})

test('a session that nobody tells who is signed in: the question is asked, and answers it', async (t) => {
  const session = open(t, { getToken: async () => fakeToken({ sub: 'alice' }) })
  const live = {
    key: 'one',
    subscribe(sink) {
      void session.getToken('x').then((token) => sink.next(token ? 'rows' : 'none'), sink.error)
      return () => {}
    },
  }
  const { shows } = await mount(t, h(CountersignProvider, { session }, h(View, { question: live })))
  await shows('rows')
})

test('errors: shown, unless the asker is gone; one that is thrown is shown as well; the next rows replace it', async (t) => {
  const session = open(t)
  const provider = fakeProvider({ user: 'alice' })
  session.connect(provider)
  await session.getToken('x')
  const { live, sinks, send } = client()
  const tree = (question) => h(CountersignProvider, { session }, h(View, { question }))
  const { host, render, shows } = await mount(t, tree(live('one')))
  const changed = await session.getToken('x', { signal: AbortSignal.abort() }).catch((error) => error)
  sinks[0].sink.error(changed)
  await turn()
  assert.equal(host.textContent, 'loading')
  sinks[0].sink.error(new Error('refused'))
  await shows('error: refused')
  send('rows')
  await shows('rows')
  await render(tree({ key: 'broken', subscribe: () => { throw new Error('no endpoint') } }))
  await shows('error: no endpoint')
})

test('the same question of another session is another question', async (t) => {
  const open1 = open(t)
  const open2 = open(t)
  for (const session of [open1, open2]) {
    session.connect(fakeProvider({ user: 'alice' }))
    await session.getToken('x')
  }
  const [one, two] = [client(), client()]
  const shown = []
  const tree = (session, { live }) => h(CountersignProvider, { session }, h(View, { question: live('one'), shown }))
  const { render, shows } = await mount(t, tree(open1, one))
  one.send('rows of the first')
  await shows('rows of the first')
  shown.length = 0
  await render(tree(open2, two))
  await shows('loading')
  assert.equal(one.sinks.length, 0)
  assert.deepEqual(shown.filter(([, , data]) => data), [])
  two.send('rows of the second')
  await shows('rows of the second')
})
