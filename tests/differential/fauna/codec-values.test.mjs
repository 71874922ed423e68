// The value classes by themselves, and what JSON makes of them: what Fauna's simple format says, asked of the local server in all three formats.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFauna } from '../../backends/fauna/server.mjs'
import { canonical } from './codec.mjs'
import { driver, ours } from './load.mjs'

const lib = await ours()
const { Client, DateStub, Document, DocumentReference, EmbeddedSet, fql, Module, NamedDocument, NamedDocumentReference, NullDocument, Page, StreamToken, TaggedTypeFormat: T, TimeStub } = lib
let server, client
before(async () => {
  server = await startFauna({ issuers: {}, secret: 'secret' })
  client = new Client({ secret: 'secret', endpoint: new URL(server.url) })
  await client.query(fql`Scratch.create({ a: 1, "@home": { "@int": "5" }, at: Time('2024-05-01T10:11:12.123456789Z'), toObject: 2, toJSON: 3, constructor: 4, long: 5000000000 })`)
})
after(async () => {
  client?.close()
  await server?.stop()
})

test('checks and conversions, in both', () => {
  for (const l of [lib, driver]) {
    assert.throws(() => l.TimeStub.from(5), TypeError)
    assert.throws(() => l.DateStub.from(undefined), TypeError)
    assert.throws(() => l.TimeStub.from('2024-05-01'), RangeError)
    assert.throws(() => l.DateStub.from('2024-5-1'), RangeError)
    assert.throws(() => l.TimeStub.from('+999999-01-01T00:00:00Z').toDate(), RangeError)
    assert.throws(() => l.DateStub.from('+999999-01-01').toDate(), RangeError)
    assert.throws(() => l.DateStub.fromDate(new Date(NaN)), RangeError)
    assert.throws(() => l.TimeStub.fromDate(new Date(NaN)), RangeError)
    assert.equal(l.TimeStub.fromDate(new Date(0)).isoString, '1970-01-01T00:00:00.000Z')
    assert.equal(l.DateStub.fromDate(new Date('2024-05-01T23:59:59Z')).dateString, '2024-05-01')
    assert.equal(l.DateStub.fromDate(new Date(-8.64e15)).dateString, '-271821-04-20')
    assert.equal(String(l.TimeStub.from('2024-05-01T00:00:00Z')), 'TimeStub("2024-05-01T00:00:00Z")')
    assert.equal(String(l.DateStub.from('2024-05-01')), 'DateStub("2024-05-01")')
    assert.equal(l.TimeStub.from('2024-05-01T10:11:12.123456789+02:00').toDate().toISOString(), '2024-05-01T08:11:12.123Z')
    assert.equal(l.DateStub.from('2024-05-01').toDate().getTime(), Date.UTC(2024, 4, 1))
    assert.deepEqual([l.LONG_MIN, l.LONG_MAX], [-(2n ** 63n), 2n ** 63n - 1n])
  }
})

test('constructors give the same own fields in both', () => {
  for (const make of [
    (l) => new l.Module('M'),
    (l) => new l.DocumentReference({ coll: 'C', id: '1' }),
    (l) => new l.DocumentReference({ coll: new l.Module('C'), id: '1', more: 5 }),
    (l) => new l.NamedDocumentReference({ coll: 'C', name: 'n' }),
    (l) => new l.Document({ coll: 'C', id: '1', ts: l.TimeStub.from('2024-05-01T00:00:00Z'), total: 5, constructor: 1, toString: 'x' }),
    (l) => new l.Document({ coll: 'C', id: '1', ts: l.TimeStub.from('2024-05-01T00:00:00Z'), ttl: l.TimeStub.from('2024-05-01T00:00:00Z') }).toObject(),
    (l) => new l.NamedDocument({ coll: 'C', name: 'n', ts: l.TimeStub.from('2024-05-01T00:00:00Z') }),
    (l) => new l.NamedDocument({ coll: 'C', name: 'n', ts: l.TimeStub.from('2024-05-01T00:00:00Z'), data: { a: 1 } }).toObject(),
    (l) => new l.NullDocument(new l.DocumentReference({ coll: 'C', id: '1' }), 'deleted'),
    (l) => new l.Page({ data: [1], after: 'c' }),
    (l) => new l.EmbeddedSet('c'),
    (l) => new l.StreamToken('t'),
  ]) assert.deepEqual(canonical(make(lib)), canonical(make(driver)), String(make))
})

test('the JSON of each class', () => {
  const ts = TimeStub.from('2024-05-01T00:00:00Z')
  for (const [value, json] of /** @type {[unknown, string][]} */ ([
    [ts, '"2024-05-01T00:00:00Z"'],
    [DateStub.from('2024-05-01'), '"2024-05-01"'],
    [new Module('M'), '"M"'],
    [new DocumentReference({ coll: 'C', id: '2' }), '{"coll":"C","id":"2"}'],
    [new NamedDocumentReference({ coll: 'C', name: 'n' }), '{"coll":"C","name":"n"}'],
    [new Document({ coll: 'C', id: '1', ts, total: 5, deep: [{ day: DateStub.from('2024-05-01') }] }), '{"coll":"C","id":"1","ts":"2024-05-01T00:00:00Z","total":5,"deep":[{"day":"2024-05-01"}]}'],
    [new NamedDocument({ coll: 'C', name: 'n', ts, data: { a: new Module('M') } }), '{"coll":"C","name":"n","ts":"2024-05-01T00:00:00Z","data":{"a":"M"}}'],
    [new NullDocument(new DocumentReference({ coll: 'C', id: '2' }), 'deleted'), 'null'],
    [new Page({ data: [ts] }), '{"data":["2024-05-01T00:00:00Z"]}'],
    [new Page({ data: [], after: 'c' }), '{"data":[],"after":"c"}'],
    [new EmbeddedSet('c'), '"c"'],
    [new StreamToken('t'), '"t"'],
  ])) assert.equal(JSON.stringify(value), json)
})

const ANSWERS = [
  fql`[1, 5000000000, 1.5, "text", true, null, [], {}]`,
  fql`{ time: Time('2024-05-01T10:11:12.123456789Z'), day: Date('2024-05-01'), mod: Order, "@home": { "@int": 5 } }`,
  fql`Order.all()`,
  fql`Order.all().paginate(2)`,
  fql`{ orders: Order.all(), first: Order.all().first(), gone: Order.byId("1"), ref: [Order.byId("2")] }`,
  fql`Scratch.all().first()`,
]

test('what the server says in the simple format is the JSON of what it says in the tagged one, and survives a second time', async () => {
  for (const query of ANSWERS) {
    const { data: tagged, txn_ts } = await client.query(query)
    const { data: simple } = await client.query(query, { format: 'simple' })
    assert.deepEqual(JSON.parse(JSON.stringify(tagged)), withoutCursors(simple, tagged), JSON.stringify(query.encode()))
    assert.equal(JSON.stringify(JSON.parse(JSON.stringify(tagged))), JSON.stringify(tagged), 'server rendering: what a page is sent is what it makes')
    assert.ok(txn_ts)
  }
})
/** Each page has a cursor of its own time. */
const withoutCursors = (simple, tagged) => (simple?.after ? { ...simple, after: tagged.after } : simple?.orders?.after ? { ...simple, orders: { ...simple.orders, after: tagged.orders.after } } : simple)

test('in the simple format an answer is plain JSON, as with the driver: nothing is decoded', async () => {
  const theirs = new driver.Client({ secret: 'secret', endpoint: new URL(server.url) }, new driver.FetchClient({ url: server.url, fetch_keepalive: false }))
  for (const query of [fql`{ a: Math.NaN, "@int": "5", b: { "@time": "no time" } }`, fql`Order.all().first()`, fql`Order.byId("1")`, fql`Order`, fql`"NaN"`]) {
    const [mine, his] = [(await client.query(query, { format: 'simple' })).data, (await theirs.query(query, { format: 'simple' })).data]
    assert.deepEqual(mine, his)
    if (mine !== null && typeof mine === 'object') assert.equal(Object.getPrototypeOf(mine), Object.prototype)
  }
  assert.deepEqual((await client.query(fql`{ a: Math.NaN, "@int": "5" }`, { format: 'simple' })).data, { a: 'NaN', '@int': '5' })
  assert.equal((await client.query(fql`Order.byId("1")`, { format: 'simple' })).data, null)
  theirs.close()
})

test('in the decorated format an answer is one text, as with the driver', async () => {
  const theirs = new driver.Client({ secret: 'secret', endpoint: new URL(server.url) }, new driver.FetchClient({ url: server.url, fetch_keepalive: false }))
  for (const source of ['[1, "a"]', 'Order.byId("1")', '{ "@int": "5" }', '"text"']) {
    const { data } = await client.query(fql([source]), { format: 'decorated' })
    assert.equal(typeof data, 'string')
    assert.equal(data, (await theirs.query(driver.fql([source]), { format: 'decorated' })).data)
  }
  theirs.close()
})

test('a document from the server: fields called like members, and @ in a name', async () => {
  const { data: doc } = await client.query(fql`Scratch.all().first()`)
  assert.ok(doc instanceof Document)
  assert.deepEqual([doc['@home'], doc.toObject, doc.toJSON, doc.constructor, doc.long, doc.at.isoString], [{ '@int': '5' }, 2, 3, 4, 5000000000, '2024-05-01T10:11:12.123456789Z'])
  assert.equal((await client.query(fql`${doc}.a`)).data, 1, 'it is sent as a reference')
  const { data: auto } = await client.query(fql`[9007199254740993, 5]`, { long_type: 'auto' })
  assert.deepEqual(auto, [9007199254740993n, 5])
})

test('a whole value goes to the server and comes back', async () => {
  const value = { n: -0.5, i: 2147483647, l: 5e9, big: 2n ** 62n, d: 1e300, t: TimeStub.from('2024-05-01T10:11:12.123456789Z'), day: DateStub.from('2024-05-01'), bytes: Uint8Array.of(), more: Uint8Array.of(0, 255), mod: new Module('Order'), '@int': { '@set': 'x' }, text: '@"\\\u2028🚀', list: [[], {}, null] }
  for (const query of [fql`${value}`, fql`x`]) {
    const { data } = await client.query(query, { arguments: { x: value }, long_type: 'auto' })
    assert.deepEqual(data, value)
  }
  assert.deepEqual(T.decode(JSON.stringify(T.encode(value)), { long_type: 'auto' }), value)
})
