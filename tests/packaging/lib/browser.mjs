// Chromium, a fresh profile per page, and what a page printed.
import { chromium } from 'playwright-core'
import { chromium as find } from '../../../pkg/scripts/tools.mjs'

export async function openBrowser() {
  const { chromium: executablePath } = await find()
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] })

  /** The text of `#out` once it is an answer. @param {string} url @param {{ seconds?: number }} [options] */
  async function look(url, { seconds = 60 } = {}) {
    const context = await browser.newContext()
    const page = await context.newPage()
    const heard = /** @type {string[]} */ ([])
    page.on('console', (message) => message.type() === 'error' && heard.push(message.text()))
    page.on('pageerror', (error) => heard.push(String(error)))
    try {
      await page.goto(url)
      // A polled read: the page's policy forbids what waitForFunction would evaluate, and a dev server may reload the page meanwhile.
      for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
        const text = await page.locator('#out').textContent({ timeout: 1000 }).catch(() => '')
        if (/^(OK|FAIL) /.test(text ?? '')) return { text: /** @type {string} */ (text), heard }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`${url} printed no answer in ${seconds} s\n${heard.join('\n')}`)
    } finally {
      await context.close()
    }
  }
  return { look, close: () => browser.close() }
}
