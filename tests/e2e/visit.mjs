// One visitor of the page: a browser profile of its own, what it did on the page, and what it could be heard and seen doing.
import assert from 'node:assert/strict'

/** `at`: when the browser sent it, by the clock of its page; known once it is answered, and 0 before. @typedef {{ readonly at: number, url: string, method: string, to: string | undefined, sub?: string, exp?: number }} Sent */

/** Of a signed token wherever it appears; every JSON Web Token begins with an encoded `{"`. */
const TOKEN = /eyJ/
/** Where other base64 is usual, with the second part as well. */
const SIGNED = /eyJ[\w-]+\.eyJ/

export class Visit {
  /** Requests to the local servers, preflights left out; with what their bearer token says of itself. @type {Sent[]} */
  sent = []
  /** @type {string[]} */
  console = []
  /** @type {string[]} */
  #addresses = []
  /** Errors that nobody caught. @type {string[]} */
  #crashes = []
  /** What must never be shown: tokens that travelled, of any shape. @type {Set<string>} */
  #secrets = new Set()
  #url
  /** How far the clock of its pages was moved ahead. */
  passedS = 0
  /** @type {import('playwright-core').Page} */
  page = /** @type {any} */ (undefined)

  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {string} url
   * @param {Record<string, { url: string }>} servers
   */
  constructor(context, url, servers) {
    this.context = context
    this.#url = url
    const origins = new Map(Object.entries(servers).map(([name, server]) => [new URL(server.url).origin, name]))
    context.on('request', (request) => this.#hear(request, origins.get(new URL(request.url()).origin)))
    context.on('console', (message) => void this.console.push(message.text()))
    context.on('weberror', (error) => void this.#crashes.push(String(error.error()?.stack ?? error.error())))
  }

  async open() {
    this.page = await this.context.newPage()
    this.page.setDefaultTimeout(15_000)
    await this.page.goto(this.#url)
  }

  /** @param {import('playwright-core').Request} request @param {string | undefined} to */
  #hear(request, to) {
    const url = request.url()
    this.#addresses.push(url)
    if (!to || request.method() === 'OPTIONS') return
    const headers = request.headers()
    const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
    for (const secret of [bearer, headers['as-token'], to === 'clerk' ? headers.authorization : undefined]) if (secret) this.#secrets.add(secret)
    const passedMs = this.passedS * 1000
    this.sent.push({ get at() { const { startTime } = request.timing(); return startTime && startTime + passedMs }, url, method: request.method(), to, ...said(bearer) })
  }

  // ---- what a visitor does

  /** @param {string} id */
  at(id) {
    return this.page.getByTestId(id)
  }

  /** @param {'alice' | 'bob'} person */
  async signIn(person) {
    await this.at(`sign-in-${person}`).click()
    await this.isSignedInAs(`user_${person}`)
  }

  /** Through the account picker of the Auth0-shaped issuer. @param {'alice' | 'bob'} person */
  async signInWithAuth0(person) {
    await this.at('sign-in-auth0').click()
    await this.at(`pick-${person}`).click()
    await this.isSignedInAs(`auth0|${person}`)
    await this.page.waitForURL((address) => address.search === '') // the code has left the address bar
  }

  async signOut() {
    await this.at('sign-out').click()
    await this.at('identity').filter({ hasText: 'Signed out' }).waitFor()
  }

  /** @param {string} sub */
  async isSignedInAs(sub) {
    await this.at('identity').and(this.page.locator('[data-status=signedIn]')).filter({ hasText: sub }).waitFor()
  }

  /** @param {string} card */
  press(card) {
    return this.at(`${card}-run`).click()
  }

  /** In the same browser, so that the same user is signed in. */
  async secondWindow() {
    const page = await this.context.newPage()
    page.setDefaultTimeout(15_000)
    await page.goto(this.page.url())
    await page.getByTestId('identity').and(page.locator('[data-status=signedIn]')).waitFor()
    return page
  }

  /** All in one go, for when the time between the first and the last press counts. @param {readonly string[]} cards */
  pressAtOnce(cards) {
    return this.page.evaluate((ids) => ids.forEach((id) => /** @type {HTMLElement} */ (document.querySelector(`[data-testid=${id}]`)).click()), cards.map((card) => `${card}-run`))
  }

  /** The answer of a card that was pressed. An error instead of one fails, in the error's words. @param {string} card @param {number} [ms] */
  async result(card, ms = 15_000) {
    const { kind, text } = await this.outcome(card, ms)
    assert.equal(kind, 'result', `${card}: ${text}`)
    return text
  }

  /** @param {string} card @param {number} [ms] */
  async error(card, ms = 15_000) {
    const { kind, text } = await this.outcome(card, ms)
    assert.equal(kind, 'error', `${card} answered where an error was expected: ${text}`)
    return text
  }

  /** Whichever of the two regions gets a text first. @param {string} card @param {number} ms */
  async outcome(card, ms) {
    const filled = this.at(`${card}-result`).or(this.at(`${card}-error`)).filter({ hasText: /\S/ }).first()
    await filled.waitFor({ timeout: ms }).catch(async () => {
      throw new Error(`${card} showed neither a result nor an error in ${ms} ms; ${await this.at('identity').innerText()}`)
    })
    const id = await filled.getAttribute('data-testid')
    return { kind: id?.endsWith('-result') ? 'result' : 'error', text: await filled.innerText() }
  }

  /** @param {string} card */
  async ask(card) {
    await this.press(card)
    return this.result(card)
  }

  /** The answers by card, all asked at once. @param {readonly string[]} cards @returns {Promise<Record<string, string>>} */
  async askAll(cards) {
    await this.pressAtOnce(cards)
    return Object.fromEntries(await Promise.all(cards.map(async (card) => [card, await this.result(card)])))
  }

  /** Both regions of a card, as they are now. @param {string} card */
  async shown(card) {
    return `${await this.at(`${card}-result`).innerText()}${await this.at(`${card}-error`).innerText()}`.trim()
  }

  /** The row of a token in the live panel. @param {string} template */
  async token(template) {
    const of = (/** @type {string} */ name) => this.at(`token-${template}`).getAttribute(`data-${name}`)
    const [phase, secondsLeft, refreshes, generation] = [await of('phase'), await of('seconds-left'), await of('refreshes'), await of('generation')]
    return { phase, secondsLeft: Number(secondsLeft), refreshes: Number(refreshes), generation: Number(generation) }
  }

  /**
   * Notes from now on whether a text is ever on the page, be it for one frame.
   * @param {string} text @param {'alice' | 'bob'} [whose]   only while the page says that this person is signed in @returns {Promise<() => Promise<string[]>>}
   */
  async watchFor(text, whose) {
    await this.page.evaluate(([wanted, who]) => {
      const seen = /** @type {string[]} */ ((/** @type {any} */ (window)).seenByTest = [])
      const look = () => {
        if (!document.querySelector('[data-testid=identity]')?.textContent?.includes(who)) return
        const found = document.body.innerText.indexOf(wanted)
        if (found >= 0) seen.push(document.body.innerText.slice(found, found + 60))
      }
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    }, /** @type {const} */ ([text, whose ? `user_${whose}` : '']))
    return () => this.page.evaluate(() => (/** @type {any} */ (window)).seenByTest)
  }

  // ---- before it goes

  /** Everything that must not be at the end of a visit, whatever happened in it. @returns {Promise<string[]>} */
  async problems() {
    const problems = this.#crashes.map((crash) => `an error nobody caught: ${crash}`)
    // auth0-spa-js names itself in the address of its silent frame: base64 of JSON, and no token.
    const html = (await this.page.content()).replaceAll(/auth0Client=[\w%-]+/g, '')
    // What the sign-in libraries keep there is theirs, and opaque; no signed token may be.
    const stored = await this.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
    const places = [
      { name: 'the page', texts: [html], shape: TOKEN, secrets: this.#secrets },
      { name: 'the console', texts: this.console, shape: TOKEN, secrets: this.#secrets },
      { name: 'an address', texts: this.#addresses, shape: SIGNED, secrets: this.#secrets },
      { name: 'the storage', texts: [stored], shape: SIGNED, secrets: [] },
    ]
    for (const { name, texts, shape, secrets } of places) {
      for (const text of texts) {
        const found = shape.exec(text)?.[0] ?? [...secrets].find((secret) => text.includes(secret))
        if (found) problems.push(`a token in ${name}: ...${text.slice(0, text.indexOf(found)).slice(-80)}<token of ${found.length} characters>`)
      }
    }
    return problems
  }

  async leave() {
    try {
      return await this.problems()
    } finally {
      await this.context.close()
    }
  }
}

/** What a token says of itself; nothing for an opaque one. @param {string | undefined} token */
function said(token) {
  try {
    const { sub, exp } = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
    return { sub, exp }
  } catch {
    return {}
  }
}
