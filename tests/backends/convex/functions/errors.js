import { mutationGeneric as mutation, queryGeneric as query } from 'convex/server'
import { ConvexError } from 'convex/values'

/** An application error with data of several kinds, an int64 among them. */
export const app = query({
  args: {},
  handler: async () => {
    throw new ConvexError({ code: 'out_of_stock', left: 9007199254740993n, tags: ['a', null], ratio: 0.5 })
  },
})

export const plain = query({
  args: {},
  handler: async () => {
    console.warn('about to fail')
    throw new Error('boom')
  },
})

/** Writes and then fails: the write must not survive. */
export const halfWritten = mutation({
  args: {},
  handler: async (ctx) => {
    await ctx.db.insert('counters', { name: 'halfWritten', value: 1n })
    throw new ConvexError('rolled back')
  },
})
