// The three pages of the Auth0-shaped issuer: account picker, error, and the one that posts its outcome to its opener.
import { ACCOUNTS } from '../accounts.mjs'

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

const STYLE = `
  * { box-sizing: border-box }
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText }
  main { width: min(22rem, 90vw); padding: 2rem; border: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); border-radius: 12px }
  h1 { font-size: 1.25rem; margin: 0 0 .25rem } p { margin: 0 0 1.25rem; opacity: .75; overflow-wrap: anywhere }
  button { display: block; width: 100%; margin: .5rem 0 0; padding: .75rem 1rem; font: inherit; text-align: left; cursor: pointer;
    border: 1px solid color-mix(in srgb, CanvasText 30%, Canvas); border-radius: 8px; background: color-mix(in srgb, CanvasText 5%, Canvas); color: inherit }
  button:hover { border-color: currentColor } button:focus-visible { outline: 3px solid Highlight; outline-offset: 2px } small { display: block; opacity: .7 }`

/** @param {{ id: string, audience: string | undefined, hint: string | undefined }} of */
export function pickerPage({ id, audience, hint }) {
  const buttons = Object.values(ACCOUNTS).map((account, index) => {
    const focus = hint ? account.person === hint : index === 0
    return `<button name="account" value="${account.person}" data-testid="pick-${account.person}"${focus ? ' autofocus' : ''}>${escape(account.name)}<small>${escape(account.email)}</small></button>`
  })
  const purpose = audience ? `to use ${escape(audience)}` : 'to continue'
  return page('Choose an account', `<h1>Choose an account</h1><p>${purpose}</p>
    <form method="post" action="/u/login"><input type="hidden" name="id" value="${escape(id)}">${buttons.join('\n')}</form>`)
}

/** @param {string} title @param {string} text */
export const errorPage = (title, text) => page(title, `<h1>${escape(title)}</h1><p>${escape(text)}</p>`, 403)

/** @param {Record<string, string>} response @param {string} targetOrigin */
export function messagePage(response, targetOrigin) {
  // `<` must not end the script early: `state` is the caller's text.
  const data = JSON.stringify({ type: 'authorization_response', response }).replaceAll('<', '\\u003c')
  return page('Signing in', `<script>
    const target = window.opener ?? (window.parent === window ? null : window.parent)
    target?.postMessage(${data}, ${JSON.stringify(targetOrigin)})
  </script>`)
}

function page(title, body, status = 200) {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head><body><main>${body}</main></body></html>`,
  }
}
