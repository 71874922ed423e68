import { queryGeneric as query } from 'convex/server'

/** The identity as the function sees it, null when the call carried no token. */
export const me = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity()
    if (identity === null) return null
    const { issuer, subject, tokenIdentifier, name, email, emailVerified } = identity
    return { issuer, subject, tokenIdentifier, name: name ?? null, email: email ?? null, emailVerified: emailVerified ?? null }
  },
})
