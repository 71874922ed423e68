import { Clerk } from '@clerk/clerk-js'
import { clerkSession } from 'countersign/clerk'
import { Client, fql } from 'countersign/fauna'

const clerk = new Clerk(import.meta.env.VITE_CLERK_PUBLISHABLE_KEY)
const session = clerkSession(clerk, { templates: { fauna: 'fauna' } })
const fauna = new Client({ session, template: 'fauna', endpoint: import.meta.env.VITE_FAUNA_URL })
const out = document.querySelector('#out')!

document.querySelector('#run')!.addEventListener('click', async () => {
  out.textContent = await fauna.query<string>(fql`'Hello World!'`).then((r) => r.data, String)
})
session.on('forget', () => { out.textContent = '' })
await clerk.load()
