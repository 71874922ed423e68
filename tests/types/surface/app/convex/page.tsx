'use client'
import { Authenticated, AuthLoading, ConvexProviderWithAuth, Unauthenticated, useQuery } from 'convex/react'
import { SignInButton, UserButton } from '@clerk/nextjs'
import { api } from '@/convex/_generated/api'
import { convexReact, useConvexSession } from '@/lib/convex'

export default function Page() {
  return <ConvexProviderWithAuth client={convexReact} useAuth={useConvexSession}>
    <Unauthenticated><SignInButton /></Unauthenticated>
    <Authenticated><UserButton /><Content /></Authenticated>
    <AuthLoading><p>Still loading</p></AuthLoading>
  </ConvexProviderWithAuth>
}
function Content() {
  const messages = useQuery(api.messages.getForCurrentUser)
  return <div>Authenticated content: {messages?.length}</div>
}
