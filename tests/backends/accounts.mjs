// The two people of every test, what each backend knows of them, and the rows they own.
// A person has one subject per issuer; both see the same rows, and never the other person's.

export const FAUNA_AUDIENCE = 'https://db.fauna.com/db/yxxeeaaqcydyy'
export const HASURA_AUDIENCE = 'https://hasura.local/'
export const HASURA_NAMESPACE = 'https://hasura.io/jwt/claims'
export const CONVEX_AUDIENCE = 'convex'
export const AUTH0_CLIENT_ID = 'local-spa'
export const AUTH0_SCRIPT = { clientId: 'local-script', clientSecret: 'local-script-secret' }
export const INSTANT_APP_ID = '5c8bd7b5-0f54-4b8f-8a5e-0c0a51fe5a11'
export const INSTANT_CLIENT_NAMES = { clerk: 'clerk', auth0: 'auth0' }

/** @typedef {'alice' | 'bob'} Person */
/** @typedef {{ person: Person, name: string, givenName: string, familyName: string, email: string, clerkSub: string, auth0Sub: string }} Account */

/** @type {Record<Person, Account>} */
export const ACCOUNTS = {
  alice: account('alice', 'Alice', 'Archer'),
  bob: account('bob', 'Bob', 'Baker'),
}

/** @type {Person[]} */
export const PEOPLE = ['alice', 'bob']

/** Both subjects of a person. @param {Person} person */
export const subsOf = (person) => [ACCOUNTS[person].clerkSub, ACCOUNTS[person].auth0Sub]

/** The person a subject belongs to, of either issuer. @param {unknown} sub @returns {Person | undefined} */
export const personOf = (sub) => PEOPLE.find((person) => typeof sub === 'string' && subsOf(person).includes(sub))

/** The account of a person's name, e-mail address or subject. @param {unknown} identifier @returns {Account | undefined} */
export function findAccount(identifier) {
  return Object.values(ACCOUNTS).find((a) => [a.person, a.email, a.clerkSub, a.auth0Sub].includes(/** @type {any} */ (identifier)))
}

/** Claims that Hasura reads of a verified token. @param {string} sub */
export const hasuraClaims = (sub) => ({
  'x-hasura-allowed-roles': ['user', 'editor'],
  'x-hasura-default-role': 'user',
  'x-hasura-user-id': sub,
})

/**
 * Rows per backend; `owner` is a person. Alice has three rows of each kind and Bob two, recognisable by their text.
 * Backends that compare the owner with a subject seed `perSub(rows)` instead.
 */
export const SEEDS = {
  fauna: {
    Order: [
      { owner: 'alice', item: 'Alice: oat milk', total: 42 },
      { owner: 'alice', item: 'Alice: coffee beans', total: 128 },
      { owner: 'alice', item: 'Alice: a red bicycle', total: 890 },
      { owner: 'bob', item: 'Bob: rye bread', total: 17 },
      { owner: 'bob', item: 'Bob: climbing rope', total: 210 },
    ],
  },
  hasura: {
    messages: [
      { owner: 'alice', room: 'kitchen', body: 'Alice: buy oat milk' },
      { owner: 'alice', room: 'kitchen', body: 'Alice: water the basil' },
      { owner: 'alice', room: 'garage', body: 'Alice: fix the front brake' },
      { owner: 'bob', room: 'kitchen', body: 'Bob: feed the sourdough' },
      { owner: 'bob', room: 'garage', body: 'Bob: find the long ladder' },
    ],
    orders: [
      { owner: 'alice', item: 'Alice: oat milk', total: 42 },
      { owner: 'alice', item: 'Alice: coffee beans', total: 128 },
      { owner: 'alice', item: 'Alice: a red bicycle', total: 890 },
      { owner: 'bob', item: 'Bob: rye bread', total: 17 },
      { owner: 'bob', item: 'Bob: climbing rope', total: 210 },
    ],
  },
  convex: {
    messages: [
      { owner: 'alice', body: 'Alice: call the library' },
      { owner: 'alice', body: 'Alice: renew the passport' },
      { owner: 'alice', body: 'Alice: book the ferry' },
      { owner: 'bob', body: 'Bob: return the drill' },
      { owner: 'bob', body: 'Bob: order new tyres' },
    ],
  },
  instant: {
    todos: [
      { owner: 'alice', text: 'Alice: paint the fence', done: false },
      { owner: 'alice', text: 'Alice: learn to juggle', done: false },
      { owner: 'alice', text: 'Alice: write to Bob', done: true },
      { owner: 'bob', text: 'Bob: sharpen the knives', done: false },
      { owner: 'bob', text: 'Bob: answer Alice', done: false },
    ],
  },
}

/**
 * Every row once per subject of its owner, `owner` being that subject.
 * @template {{ owner: string }} R @param {R[]} rows @returns {R[]}
 */
export const perSub = (rows) => rows.flatMap((row) => subsOf(/** @type {Person} */ (row.owner)).map((owner) => ({ ...row, owner })))

/** @param {Person} person @param {string} givenName @param {string} familyName @returns {Account} */
function account(person, givenName, familyName) {
  return {
    person, givenName, familyName, name: `${givenName} ${familyName}`, email: `${person}@example.com`,
    clerkSub: `user_${person}`, auth0Sub: `auth0|${person}`,
  }
}
