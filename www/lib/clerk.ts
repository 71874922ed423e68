// Clerk: the real one when a publishable key is set, the local issuer's otherwise. Both have Clerk's shape.
import type { ClerkLike } from 'countersign/clerk'
import { config } from './config'
import { LocalClerk } from './local-clerk'

/** What this page reads of a real Clerk beside what countersign reads. */
export interface RealClerk extends ClerkLike {
  load(): Promise<void>
  redirectToSignIn(options: { signInForceRedirectUrl: string; signUpForceRedirectUrl: string }): Promise<unknown>
  user?: { id: string; fullName?: string | null; primaryEmailAddress?: { emailAddress: string } | null } | null
}

export const clerkIsLocal = !config.clerk.publishableKey

let local: LocalClerk | undefined
/** Made at first use, in the browser: importing this file must do nothing on a server. */
export const localClerk = () => (local ??= new LocalClerk(config.clerk.issuer))

let real: Promise<RealClerk> | undefined
/** clerk-js from the frontend API that the publishable key names, by a script tag, as ClerkProvider does it. */
export const realClerk = () => (real ??= loadClerkScript(config.clerk.publishableKey ?? '').catch((error) => {
  real = undefined // so that the next press tries again
  throw error
}))

async function loadClerkScript(publishableKey: string): Promise<RealClerk> {
  const host = frontendApi(publishableKey)
  await new Promise<void>((resolve, reject) => {
    const script = document.createElement('script')
    script.src = `https://${host}/npm/@clerk/clerk-js@6/dist/clerk.browser.js`
    script.async = true
    script.crossOrigin = 'anonymous'
    script.dataset.clerkPublishableKey = publishableKey
    script.onload = () => resolve()
    script.onerror = () => {
      script.remove()
      reject(new Error(`Clerk could not be loaded from ${host}. Is NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY the key of a running instance?`))
    }
    document.head.append(script)
  })
  const clerk = (window as { Clerk?: RealClerk }).Clerk
  if (!clerk) throw new Error(`The script of ${host} did not set window.Clerk`)
  await clerk.load()
  return clerk
}

/** A publishable key is `pk_test_` or `pk_live_` and the base64 of the frontend API's host and a `$`. */
function frontendApi(publishableKey: string): string {
  let host = ''
  try {
    host = atob(publishableKey.split('_')[2] ?? '')
  } catch {
    // Said below.
  }
  if (!/^[\w.-]+\.[\w-]+\$$/.test(host)) throw new Error('NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY is not a publishable key (pk_test_... or pk_live_...)')
  return host.slice(0, -1)
}
