// The value classes, each as the driver's: own enumerable fields, `instanceof`, deep equality; and what the driver lacks, `toJSON()`.
// Different on purpose: a document without an end has no field `ttl` (there: one that is undefined), and a page without a next one JSON
// without `after`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driver, ours } from './load.mjs'

const lib = await ours()
const time = (l) => l.TimeStub.from('2024-05-01T10:11:12.123456789Z')
const tagged = { '@time': '2024-05-01T10:11:12.123456789Z' }
const text = tagged['@time']

/** Class, how it is made, how the server writes it, what JSON makes of ours, one that is not equal. @type {[string, (l: any) => any, unknown, unknown, (l: any) => any][]} */
const table = [
  ['TimeStub', time, tagged, text, (l) => l.TimeStub.from('2024-05-01T10:11:12.123456788Z')],
  ['DateStub', (l) => l.DateStub.from('2024-05-01'), { '@date': '2024-05-01' }, '2024-05-01', (l) => l.DateStub.from('2024-05-02')],
  ['Module', (l) => new l.Module('Order'), { '@mod': 'Order' }, 'Order', (l) => new l.Module('Orders')],
  ['DocumentReference', (l) => new l.DocumentReference({ coll: 'Order', id: '1' }), { '@ref': { coll: { '@mod': 'Order' }, id: '1' } }, { coll: 'Order', id: '1' }, (l) => new l.DocumentReference({ coll: 'Order', id: '2' })],
  ['NamedDocumentReference', (l) => new l.NamedDocumentReference({ coll: new l.Module('Role'), name: 'admin' }), { '@ref': { coll: { '@mod': 'Role' }, name: 'admin' } }, { coll: 'Role', name: 'admin' }, (l) => new l.NamedDocumentReference({ coll: 'Role', name: 'server' })],
  ['Document', (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l), total: 5, lines: [{ n: 1 }] }), { '@doc': { coll: { '@mod': 'Order' }, id: '1', ts: tagged, total: { '@int': '5' }, lines: [{ n: { '@int': '1' } }] } },
    { coll: 'Order', id: '1', ts: text, total: 5, lines: [{ n: 1 }] }, (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l), total: 5, lines: [{ n: 2 }] })],
  ['Document', (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l), ttl: time(l) }), { '@doc': { coll: { '@mod': 'Order' }, id: '1', ts: tagged, ttl: tagged } }, { coll: 'Order', id: '1', ts: text, ttl: text }, (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l) })],
  ['NamedDocument', (l) => new l.NamedDocument({ coll: 'Role', name: 'admin', ts: time(l), data: { note: 'n' } }), { '@doc': { coll: { '@mod': 'Role' }, name: 'admin', ts: tagged, data: { note: 'n' } } },
    { coll: 'Role', name: 'admin', ts: text, data: { note: 'n' } }, (l) => new l.NamedDocument({ coll: 'Role', name: 'admin', ts: time(l) })],
  ['NullDocument', (l) => new l.NullDocument(new l.DocumentReference({ coll: 'Order', id: '1' }), 'not found'), { '@ref': { coll: { '@mod': 'Order' }, id: '1', exists: false, cause: 'not found' } }, null, (l) => new l.NullDocument(new l.DocumentReference({ coll: 'Order', id: '1' }), 'deleted')],
  ['Page', (l) => new l.Page({ data: [1, time(l)], after: 'c' }), { '@set': { data: [{ '@int': '1' }, tagged], after: 'c' } }, { data: [1, text], after: 'c' }, (l) => new l.Page({ data: [1, time(l)] })],
  ['EmbeddedSet', (l) => new l.EmbeddedSet('c'), { '@set': 'c' }, 'c', (l) => new l.EmbeddedSet('d')],
  ['StreamToken', (l) => new l.StreamToken('t'), { '@stream': 't' }, 't', (l) => new l.StreamToken('u')],
]

/** Own enumerable fields, in their order; the driver's documents own an undefined `ttl`. */
const fields = (value) => Object.keys(value).filter((key) => value[key] !== undefined)
const decode = (l, wire) => l.TaggedTypeFormat.decode(JSON.stringify(wire), { long_type: 'number' })

for (const [name, make, wire, json, other] of table)
  test(`${name}: ${JSON.stringify(json)}`, () => {
    const value = make(lib)
    const theirs = make(driver)
    assert.deepEqual(fields(value).sort(), fields(theirs).sort())
    assert.deepEqual(fields({ ...value }), fields(value), 'a spread copies them')
    assert.ok(value instanceof lib[name])
    assert.equal(value.constructor.name, name)
    for (const each of ['DocumentReference', 'NamedDocumentReference', 'Document', 'NamedDocument']) assert.equal(value instanceof lib[each], theirs instanceof driver[each], each)

    const decoded = decode(lib, wire)
    assert.deepEqual(decoded, value, 'as decoded, as made')
    assert.deepEqual(value, make(lib))
    assert.notDeepEqual(value, other(lib))
    assert.notDeepEqual(value, theirs, 'of another class')
    assert.deepEqual(fields(decoded).sort(), fields(decode(driver, wire)).sort())

    assert.equal(typeof value.toJSON, 'function')
    assert.deepEqual(JSON.parse(JSON.stringify(value)), json)
    assert.equal(JSON.stringify({ deep: [decoded] }), JSON.stringify({ deep: [value] }))
  })

test('every class of values is in the table', () => {
  const others = ['Client', 'StreamClient', 'FeedClient', 'FeedPage', 'FetchClient', 'NodeHTTP2Client', 'SetIterator', 'FlattenedSetIterator', 'TaggedTypeFormat', 'ConsoleLogHandler']
  const classes = Object.keys(driver).filter((name) => /^class\b/.test(driver[name]) && !(driver[name].prototype instanceof Error))
  assert.deepEqual(classes.filter((name) => !others.includes(name)).sort(), [...new Set(table.map(([name]) => name))].sort())
})
