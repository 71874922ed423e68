import { actionGeneric as action, anyApi } from 'convex/server'
import { v } from 'convex/values'

/** Upper-cases the text and says who asked, which it learns from a query run under the same identity. */
export const shout = action({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    const me = await ctx.runQuery(anyApi.users.me, {})
    return { text: text.toUpperCase(), by: me === null ? null : (me.name ?? me.subject) }
  },
})
