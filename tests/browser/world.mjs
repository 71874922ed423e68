// Chromium with the pages of these tests: the built package, bundled as an app's would be.
import { chromium } from 'playwright-core'
import { chromium as find } from '../../pkg/scripts/tools.mjs'
import { bundlePages } from '../benches/bundle.mjs'
import { serve } from './server.mjs'
import { tabs } from './tabs.mjs'

const FOLDER = 'tests/browser/pages'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
/** What Playwright switches off, and these tests are about. */
const WANTED = ['--disable-back-forward-cache', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding']

/** @param {string[]} pages  of ./pages, besides the tab */
export const openWorld = async (pages = []) => {
  // Apart from each other: a page and its workers are two bundles, and so are two copies of the package.
  const bundles = await Promise.all(['tab', ...pages].map((page) => bundlePages([page], FOLDER)))
  const server = await serve(new Map(bundles.flatMap(({ files }) => [...files])))
  const { chromium: executablePath } = await find(() => {})
  const browser = await chromium.launch({ executablePath, args: FLAGS, ignoreDefaultArgs: WANTED })
  const windows = await tabs(browser)
  /** @type {{ close(): Promise<unknown> }[]} */
  const profiles = []
  return {
    browser,
    origin: server.origin,
    /** An app of its own, a visitor of its own, and how to open the app in a tab: `opened(tab)` is signed in as Alice. */
    async visit() {
      const app = server.app()
      const profile = await windows.profile()
      profiles.push(profile)
      let signedIn = false
      return {
        app,
        profile,
        /** @param {string} id @param {{ apart?: boolean, own?: string, templates?: string[], session?: string }} [options] */
        async open(id, { apart = true, ...options } = {}) {
          const tab = await profile.open(app.page, { apart })
          await tab.run(({ name, signedIn }) => void (signedIn || localStorage.setItem(name, 'alice')), { name: app.name, signedIn })
          signedIn = true
          await tab.run((options) => void globalThis.tab.start(options), { name: app.name, tab: id, ...options })
          return tab
        },
      }
    },
    /** After each test. */
    settle: () => Promise.all(profiles.splice(0).map((profile) => profile.close())),
    async close() {
      await browser.close()
      await server.stop()
    },
  }
}
