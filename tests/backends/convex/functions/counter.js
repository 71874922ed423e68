import { mutationGeneric as mutation, queryGeneric as query } from 'convex/server'
import { v } from 'convex/values'

const row = (ctx, name) => ctx.db.query('counters').withIndex('by_name', (q) => q.eq('name', name)).unique()

/**
 * Adds one. Over HTTP a mutation carries no idempotency key, so a client that replays blindly runs it twice:
 * `executions` says how often this `requestId` has run, and is 1 for a careful client.
 */
export const increment = mutation({
  args: { name: v.optional(v.string()), requestId: v.optional(v.string()) },
  handler: async (ctx, { name = 'default', requestId = '' }) => {
    const counter = await row(ctx, name)
    const value = (counter?.value ?? 0n) + 1n
    if (counter === null) await ctx.db.insert('counters', { name, value })
    else await ctx.db.patch(counter._id, { value })
    await ctx.db.insert('executions', { name, requestId })
    const runs = await ctx.db.query('executions').withIndex('by_request', (q) => q.eq('name', name).eq('requestId', requestId)).collect()
    return { value, executions: runs.length }
  },
})

export const read = query({
  args: { name: v.optional(v.string()) },
  handler: async (ctx, { name = 'default' }) => (await row(ctx, name))?.value ?? 0n,
})
