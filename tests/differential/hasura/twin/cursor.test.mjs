// Which operation of a document is meant, whether it is a stream, and where its cursor is: held to graphql-js's own parser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, valueFromASTUntyped, visit } from 'graphql'
import { dist } from '../../dist.mjs'

const { cursorOf, isSubscription } = await dist('hasura/cursor.js')

/** What graphql-js says. */
const asked = ({ query, operationName }) => {
  const operations = parse(query).definitions.filter(({ kind }) => kind === 'OperationDefinition')
  return operationName ? operations.find(({ name }) => name?.value === operationName) : operations[0]
}

/** The cursor that a server would see: graphql-js parses, defaults and variables are put in. */
const seen = (payload) => {
  const operation = asked(payload)
  const defaults = Object.fromEntries((operation.variableDefinitions ?? []).filter((d) => d.defaultValue).map((d) => [d.variable.name.value, valueFromASTUntyped(d.defaultValue)]))
  let cursor
  const of = (node) => visit(node, {
    Argument({ name, value }) {
      if (name.value === 'cursor') cursor ??= valueFromASTUntyped(value, { ...defaults, ...payload.variables })
    },
  })
  of(operation)
  for (const definition of parse(payload.query).definitions) if (definition.kind === 'FragmentDefinition') of(definition)
  return structuredClone([cursor].flat()[0])
}

const kinds = [
  '{ a }', 'query { a }', 'subscription { a }', 'mutation { a }', 'subscription S { a }', 'query Q { a } subscription S { a }', 'subscription S { a } query Q { a }',
  'fragment F on T { a } subscription S { ...F }', 'fragment subscription on T { a } query Q { ...subscription }', 'fragment query on mutation { a } subscription S { ...query }',
  'query subscription { a }', 'subscription query { a }', 'mutation subscription { a }', 'query Q($subscription: Int) { a }', 'query Q($a: X = { subscription: 1 }) { a } subscription S { a }',
  'query Q @subscription { a }', 'subscription S @a(b: { c: [query] }) { a }', 'query Q { subscription }', '{ subscription { mutation } }', 'subscription { query: mutation }',
  '# subscription { a }\nquery Q { a }', '# "\nsubscription S { a } # "', 'query Q { a(b: "subscription { c }") }\nsubscription S { a }', 'query Q { a(b: "\\" } subscription S { ") }',
  'query Q { a(b: """ } subscription "S" { \\""" } """) } subscription S { a }', 'query Q { a(b: "") c(d: """""") } subscription S { a }', 'query Q { a(b: "# no comment") } subscription S { a }',
  '\ufeffsubscription S { a }', ',,,subscription,,,S,{,a,}', 'subscription\n#comment\nS\n{ a }', 'subscription#\n{ a }', 'query Q { a } # }\nsubscription S { a }', 'query Q{a}subscription S{a}mutation M{a}',
  'query Q { subscription(query: "mutation") { ...on subscription { a } } } subscription S { a }', 'query querySubscription { a }', 'query Q { a(x: $subscription) } subscription S { a }',
  'fragment A on T { a(x: "}") } fragment B on T { b { c } } mutation M { a }', 'query Q { a(b: {c: {d: [{e: "f"}]}}) } subscription S { a }', 'query Q { a # \u2028 }\n } subscription S { a }',
]

test('the kind of the operation that is asked for, as graphql-js sees it', () => {
  let count = 0
  for (const query of kinds)
    for (const operationName of [undefined, null, ...parse(query).definitions.filter((d) => d.kind === 'OperationDefinition' && d.name).map((d) => d.name.value)]) {
      assert.equal(isSubscription({ query, operationName }), asked({ query, operationName }).operation === 'subscription', `${operationName} of ${query}`)
      count++
    }
  assert.ok(count > 100)
  assert.equal(isSubscription({ query: 'query Q { a } subscription S { a }', operationName: 'Nobody' }), false)
  assert.equal(isSubscription({}), true, 'a stored document')
  for (const query of ['', 'subscription', '}}} subscription {', '{{{', '"', '(((', 'fragment']) assert.equal(typeof isSubscription({ query }), 'boolean', 'nonsense is no exception')
})

test('random documents: the same kind as graphql-js sees', () => {
  let seed = 7
  const pick = (list) => list[(seed = (seed * 48271) % 2147483647) % list.length]
  const names = ['query', 'mutation', 'subscription', 'fragment', 'A', 'B', 'on1', '_x']
  const noise = ['', ' ', '\n', ',', '# } subscription {\n', '#"\n', ' # """\n']
  const values = ['1', '"}"', '"subscription { a }"', '"""\n } subscription S { \\""" """', '{ query: [1, { a: "(" }] }', '$subscription', 'mutation', '""', '"\\\\"']
  const field = (depth) => `${pick(names)}${pick(['', `(x: ${pick(values)}${pick(noise)} y: ${pick(values)})`])}${pick(['', ' @query(subscription: "}")'])}${depth ? pick(['', ` {${pick(noise)} ${field(depth - 1)} }`]) : ''}`
  let subscriptions = 0
  for (let i = 0; i < 3000; i++) {
    const parts = []
    for (let j = 0; j < 1 + (i % 4); j++)
      parts.push(pick([
        () => `${pick(['query', 'mutation', 'subscription'])}${pick([' ', '\n', ',', '#"\n'])}${pick(names)}${j}${pick(['', '($a: X = { b: "}" } $query: Int)'])}${pick(noise)}{ ${field(2)} }`,
        () => `fragment ${pick(names)}${pick(noise)} on ${pick(names)} { ${field(1)} }`,
      ])())
    const query = parts.join(pick([' ', '\n', ',']))
    const operations = parse(query).definitions.filter(({ kind }) => kind === 'OperationDefinition')
    for (const operation of operations) {
      const is = operation.operation === 'subscription'
      subscriptions += Number(is)
      const { value } = operation.name
      if (operations.filter(({ name }) => name.value === value).length === 1) assert.equal(isSubscription({ query, operationName: value }), is, query)
    }
    if (operations.length) assert.equal(isSubscription({ query }), operations[0].operation === 'subscription', query)
  }
  assert.ok(subscriptions > 500)
})

const args = (cursor) => `batch_size: 10, cursor: ${cursor}`
const stream = (cursor, definitions = '') => `subscription S${definitions} { messages_stream(${args(cursor)}) { id body } }`
const at = (value, column = 'id') => [{ initial_value: { [column]: value } }]

/** Each with the column of its cursor. */
const streams = {
  'a variable': [{ query: stream('$c', '($c: [x]!)'), variables: { c: at(0), other: 1 } }, 'id'],
  'a variable that is no array': [{ query: stream('$c'), variables: { c: { initial_value: { at: 'x' }, ordering: 'DESC' } } }, 'at'],
  'a variable in an array': [{ query: stream('[$c]'), variables: { c: { initial_value: { id: 0 }, ordering: 'ASC' } } }, 'id'],
  'the start in a variable': [{ query: stream('{ initial_value: $start }'), variables: { start: { id: 3 } } }, 'id'],
  'the start in a variable, in an array, after the order': [{ query: stream('[{ ordering: DESC, initial_value: $start }]'), variables: { start: { created_at: '2024-01-01' } } }, 'created_at'],
  'the value in a variable': [{ query: stream('[{ initial_value: { id: $after }, ordering: ASC }]'), variables: { after: 0 } }, 'id'],
  'the value in a variable with a default': [{ query: stream('{ initial_value: { id: $after } }', '($after: Int = 5)') }, 'id'],
  'a number in the query': [{ query: stream('{ initial_value: { id: 0 }, ordering: ASC }') }, 'id'],
  'a negative number': [{ query: stream('[{initial_value:{id:-1.5e3}}]') }, 'id'],
  'a text in the query': [{ query: stream('[{ initial_value: { created_at: "2024-01-01T00:00:00+00:00" } }]') }, 'created_at'],
  'a text with everything in it': [{ query: stream('{ initial_value: { name: "} # \\" $x ) initial_value: { id: 0 }" } }') }, 'name'],
  'an empty text': [{ query: stream('{ initial_value: { name: "" } }') }, 'name'],
  'a block string': [{ query: stream('{ initial_value: { name: """a "quoted" \\""" b""" } }') }, 'name'],
  'null': [{ query: stream('{ initial_value: { name: null } }') }, 'name'],
  'a default in the definition': [{ query: stream('$c', '($n: Int = 3, $c: [x_input]! = [{ initial_value: { id: 0 } }], $m: X = { id: 9 })') }, 'id'],
  'a default in the definition that is overridden': [{ query: stream('$c', '($c: [x_input]! = [{ initial_value: { id: 0 } }])'), variables: { c: at('k', 'key') } }, 'key'],
  'a default of the start': [{ query: stream('{ initial_value: $s }', '($s: x! = { id: "a" })') }, 'id'],
  'an alias': [{ query: 'subscription { news: messages_stream(cursor: { initial_value: { id: 0 } }, batch_size: 5) { id } }' }, 'id'],
  'a name of the application\'s own': [{ query: `subscription { watchMessages(${args('{ initial_value: { id: 0 } }')}) { id } }` }, 'id'],
  'where, with names that look like it': [{ query: 'subscription { a_stream(where: { cursor: { _eq: 1 }, initial_value: { id: 7 } }, batch_size: 1, cursor: { initial_value: { id: 0 } }) { id } }' }, 'id'],
  'where, after it': [{ query: 'subscription { a_stream(cursor: { initial_value: { id: 0 } }, batch_size: 1, where: { initial_value: { id: 7 } }) { id } }' }, 'id'],
  'variables that look like it': [{ query: stream('$c'), variables: { decoy: at(9, 'decoy'), c: at(0) } }, 'id'],
  'comments that look like it': [{ query: `# cursor: { initial_value: { x: 1 } }\nsubscription { # messages_stream(batch_size: 1, cursor: { initial_value: { y: 1 } })\n a_stream(${args('{ initial_value: # { z: 0 }\n { id: 0 } }')}) { id } }` }, 'id'],
  'one operation of several': [{ query: `query Q { a(b: "cursor: { initial_value: { q: 1 } }") } subscription Other { o_stream(${args('{ initial_value: { other: 1 } }')}) { id } } ${stream('{ initial_value: { id: 0 } }')}`, operationName: 'S' }, 'id'],
  'a fragment': [{ query: `subscription S { ...F } fragment F on subscription_root { m_stream(${args('{ initial_value: { id: 0 } }')}) { id } }` }, 'id'],
  'commas and lines everywhere': [{ query: 'subscription{m_stream(batch_size:1\n,,cursor\n:\n[,{,initial_value\n:{,id\n:\n0,},},]){id}}'.replaceAll('[,{,', '[{').replaceAll('{,id', '{id') }, 'id'],
}

for (const [name, [payload, column]] of Object.entries(streams))
  test(`the cursor of a stream: ${name}`, () => {
    const before = JSON.stringify(payload)
    const found = cursorOf(payload)
    assert.equal(found.column, column)
    const first = seen(payload)
    for (const value of [42, 'a "text" \\ with } ) # $c\n', '2024-05-05T10:00:00.123456+00:00', null, -1, 1e21]) {
      const moved = found.from(value)
      assert.deepEqual(seen(moved), { ...first, initial_value: { [column]: value } }, moved.query)
      // Everything else is as it was.
      assert.deepEqual({ ...moved, query: '', variables: undefined }, { ...payload, query: '', variables: undefined })
      assert.equal(asked(moved).name?.value, asked(payload).name?.value)
      for (const [key, kept] of Object.entries(payload.variables ?? {})) if (['decoy', 'other'].includes(key)) assert.deepEqual(moved.variables[key], kept)
    }
    assert.equal(JSON.stringify(payload), before, 'what was given is not changed')
    assert.equal(cursorOf(payload, 'alias').column, 'alias')
  })

for (const [name, payload] of Object.entries({
  'a live query': { query: 'subscription { messages { id } }' },
  'a table whose name ends like a stream\'s': { query: 'subscription { video_stream(where: { id: { _gt: 0 } }) { id } }' },
  'columns named like the arguments': { query: 'subscription { a_stream(where: { batch_size: { _eq: 1 }, cursor: { initial_value: { id: 0 } } }) { id } }' },
  'variables named like the arguments': { query: 'subscription S($batch_size: Int, $cursor: Int) { a_stream(limit: $batch_size, offset: $cursor) { id } }', variables: { cursor: at(0) } },
  'a comment': { query: '# m_stream(batch_size: 1, cursor: $c)\nsubscription { messages { id } }' },
  'a text': { query: 'subscription { messages(where: { body: { _eq: "x_stream(batch_size: 1, cursor: {})" } }) { id } }' },
  'another operation': { query: `${stream('{ initial_value: { id: 0 } }')} subscription Live { messages { id } }`, operationName: 'Live' },
  'a stored document': { extensions: { id: 1 } },
}))
  test(`no stream: ${name}`, () => assert.equal(cursorOf(payload), undefined))

for (const [name, payload] of Object.entries({
  'a variable that is not there': { query: stream('$c') },
  'two columns': { query: stream('$c'), variables: { c: [{ initial_value: { id: 0, at: 1 } }] } },
  'two cursors': { query: stream('$c'), variables: { c: [...at(0), ...at(1)] } },
  'no initial_value': { query: stream('[{ ordering: ASC }]') },
  'an empty array': { query: stream('$c'), variables: { c: [] } },
  'a start that is no object': { query: stream('{ initial_value: $s }'), variables: { s: 5 } },
  'two columns in the query': { query: stream('{ initial_value: { id: 0, at: 1 } }') },
}))
  test(`a stream that could not go on is refused: ${name}`, () => assert.throws(() => cursorOf(payload), { code: 'option_invalid', message: /cursor/ }))
