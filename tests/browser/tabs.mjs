// Real tabs: behind one another in a window, frozen, offline, put aside by "back". Playwright's own pages cannot be that: it keeps every
// page of its contexts in front. So these are targets of a context it does not know, spoken to through its browser session.

/** @typedef {Awaited<ReturnType<typeof tabs>>} Tabs */
/** @typedef {Awaited<ReturnType<Awaited<ReturnType<Tabs['profile']>>['open']>>} Tab */

/** @param {import('playwright-core').Browser} browser */
export const tabs = async (browser) => {
  const session = await browser.newBrowserCDPSession()
  /** @type {Map<number, (answer: any) => void>} */
  const waiting = new Map()
  /** What a page did not catch, by its session. @type {Map<string, string[]>} */
  const crashes = new Map()
  let last = 0
  session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
    const { id, method, params, ...answer } = JSON.parse(message)
    if (method === 'Runtime.exceptionThrown') crashes.get(sessionId)?.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })

  const attach = async (/** @type {string} */ targetId) => {
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false })
    const problems = /** @type {string[]} */ ([])
    crashes.set(sessionId, problems)

    /** @param {string} method @param {object} [params] @returns {Promise<any>} */
    const send = async (method, params = {}) => {
      const id = ++last
      const answer = new Promise((resolve) => waiting.set(id, resolve))
      await session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) })
      const { result, error } = await answer
      if (error) throw new Error(`${method}: ${error.message}`)
      return result
    }
    /** Runs a function in the page. @template A, R @param {(argument: A) => R} work @param {A} [argument] @returns {Promise<Awaited<R>>} */
    const run = async (work, argument) => {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression: `(${work})(${JSON.stringify(argument)})`, awaitPromise: true, returnByValue: true })
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    }
    const entry = async (/** @type {number} */ step) => {
      const { currentIndex, entries } = await send('Page.getNavigationHistory')
      return entries[currentIndex + step].id
    }
    await send('Runtime.enable')
    await send('Page.enable')
    await send('Network.enable')
    return {
      send, run, problems,
      /** Until the page says so. @param {string} url */
      async go(url) {
        await send('Page.navigate', { url })
        while (!(await run((url) => location.href === url && document.readyState === 'complete' && !!globalThis.tab, url).catch(() => false)));
      },
      back: async () => send('Page.navigateToHistoryEntry', { entryId: await entry(-1) }),
      /** In front of the other tabs of its window. */
      front: () => session.send('Target.activateTarget', { targetId }),
      visibility: () => run(() => document.visibilityState),
      /** As the browser does to a tab that nobody has looked at for a while. Only one that is hidden can be. */
      freeze: () => send('Page.setWebLifecycleState', { state: 'frozen' }),
      resume: () => send('Page.setWebLifecycleState', { state: 'active' }),
      offline: (/** @type {boolean} */ offline) => send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }),
      close: () => session.send('Target.closeTarget', { targetId }),
    }
  }

  return {
    /** A visitor: one storage, one set of cookies. */
    async profile() {
      const { browserContextId } = await session.send('Target.createBrowserContext')
      let first = true
      return {
        /** @param {string} url @param {{ apart?: boolean }} [options]  `apart`: in a window of its own, so that nothing hides it; otherwise in front of the tabs that are there */
        async open(url, { apart = false } = {}) {
          const { targetId } = await session.send('Target.createTarget', { url: 'about:blank', browserContextId, newWindow: apart || first })
          first = false
          const tab = await attach(targetId)
          await tab.go(url)
          return tab
        },
        close: () => session.send('Target.disposeBrowserContext', { browserContextId }),
      }
    },
  }
}
