// The demo in a headless Chromium: the page as it is shipped, the package from the tarball, the local servers behind it.
// One start for all; each test is a visitor with a profile of its own. The cases are in ./cases, by what they are about.
import { after, afterEach, before, suite } from 'node:test'
import { openDemo } from './demo.mjs'
import * as rows from './cases/rows.mjs'
import * as identity from './cases/identity.mjs'
import * as fauna from './cases/fauna.mjs'
import * as hasura from './cases/hasura.mjs'
import * as examples from './cases/examples.mjs'
import * as tokens from './cases/tokens.mjs'
import * as trouble from './cases/trouble.mjs'
import * as drawer from './cases/drawer.mjs'
import * as page from './cases/page.mjs'

const CASES = [rows, fauna, hasura, examples, identity, tokens, trouble, drawer, page]

/** @typedef {Awaited<ReturnType<typeof openDemo>>} Demo */

/** Filled before the first test runs. */
const world = /** @type {{ demo: Demo }} */ ({})

suite('the demo', { concurrency: 1 }, () => {
  before(async () => {
    world.demo = await openDemo({ log: (line) => console.log(line) })
  }, { timeout: 600_000 })
  after(() => world.demo?.close())
  afterEach(() => world.demo?.settle())

  for (const { default: cases, title } of CASES) suite(title, { concurrency: 1 }, () => cases(() => world.demo))
})
