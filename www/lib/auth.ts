// Signing in and out, and switching between the two issuers. countersign learns of all this from the provider alone.
import { auth0Provider } from 'countersign/auth0'
import { clerkProvider } from 'countersign/clerk'
import { auth0, auth0Source, finishCallback, isCallback } from './auth0'
import { session } from './backends'
import { clerkIsLocal, localClerk, realClerk } from './clerk'
import { source, type Source } from './source'
import { store } from './store'
import { troubled } from './trouble/provider'

/** Who the provider says is signed in. For showing only: what a backend believes is in the token. */
export interface Person { sub: string; name: string; email?: string; source: Source }

export const person = store<Person | null>(null)
/** What went wrong with the last attempt to sign in, if anything. */
export const signInProblem = store<string | null>(null)

let started: Promise<void> | undefined
/** Once per page: connects the session to whoever signed the user in last time. */
export const start = () => (started ??= attempt(async () => {
  if (isCallback()) {
    source.set('auth0')
    // Connected also when the callback failed: the session then knows that nobody is signed in, and calls do not hang.
    await finishCallback().finally(connectAuth0)
  } else if (source.get() === 'auth0') {
    await auth0().checkSession()
    await connectAuth0()
  } else {
    await connectClerk()
  }
}))

export const signInLocally = (identifier: 'alice' | 'bob') => attempt(async () => {
  await start()
  await localClerk().signIn(identifier)
  const before = source.get()
  await connectClerk()
  if (before === 'auth0') await auth0().logout({ openUrl: false }) // here only: whoever comes back is asked by Auth0 again
})

export const signInWithClerk = () => attempt(async () => {
  const clerk = await realClerk()
  source.set('clerk')
  await clerk.redirectToSignIn({ signInForceRedirectUrl: location.href, signUpForceRedirectUrl: location.href })
})

/** `prompt: 'login'`, so that the button switches the user as well. */
export const signInWithAuth0 = () => attempt(() => auth0().loginWithRedirect({ authorizationParams: { prompt: 'login' } }))

export const signOut = () => attempt(() => session.signOut())

let connected: Source | undefined
let stopWatching = () => {}

async function connectClerk() {
  source.set('clerk')
  if (connected === 'clerk') return
  const clerk = clerkIsLocal ? localClerk() : await realClerk()
  // Connected before it is loaded: calls wait for it, and say so if it never comes.
  follow('clerk', () => session.connect(troubled(clerkProvider(clerk))))
  stopWatching = clerk.addListener(() => {
    const user = clerk.user
    person.set(user ? { sub: user.id, name: user.fullName || user.id, email: user.primaryEmailAddress?.emailAddress, source: 'clerk' } : null)
  })
  if (clerkIsLocal) await localClerk().load()
}

async function connectAuth0() {
  source.set('auth0')
  follow('auth0', () => session.connect(troubled(auth0Provider(auth0Source()))))
  const user = await auth0().getUser()
  person.set(user?.sub ? { sub: user.sub, name: user.name || user.sub, email: user.email, source: 'auth0' } : null)
}

function follow(next: Source, connect: () => void) {
  stopWatching()
  stopWatching = () => {}
  connected = next
  connect()
}

async function attempt(work: () => Promise<unknown>): Promise<void> {
  signInProblem.set(null)
  try {
    await work()
  } catch (error) {
    signInProblem.set(error instanceof Error ? error.message : String(error))
  }
}
