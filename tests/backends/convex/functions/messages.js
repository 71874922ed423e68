import { internalMutationGeneric as internalMutation, mutationGeneric as mutation, paginationOptsValidator, queryGeneric as query } from 'convex/server'
import { ConvexError, v } from 'convex/values'
import { ownerOf } from './people.js'

/** The caller's own messages, oldest first. */
export const getForCurrentUser = query({
  args: {},
  handler: async (ctx) => {
    const owner = ownerOf(await ctx.auth.getUserIdentity())
    return await ctx.db.query('messages').withIndex('by_owner', (q) => q.eq('owner', owner)).collect()
  },
})

/** A room everybody may read, signed in or not. Personal messages are never in one. */
export const list = query({
  args: { room: v.optional(v.string()) },
  handler: async (ctx, { room = 'lobby' }) => {
    if (room === 'personal') throw new ConvexError({ code: 'private_room', room })
    return await ctx.db.query('messages').withIndex('by_room', (q) => q.eq('room', room)).collect()
  },
})

export const send = mutation({
  args: { body: v.string(), room: v.optional(v.string()) },
  handler: async (ctx, { body, room = 'personal' }) => {
    const owner = ownerOf(await ctx.auth.getUserIdentity())
    if (body.length > 1000) throw new ConvexError({ code: 'body_too_long', limit: 1000n })
    console.log('sending to', room)
    return await ctx.db.insert('messages', { body, owner, room })
  },
})

/** The caller's own messages, newest first, a page at a time. */
export const page = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }) => {
    const owner = ownerOf(await ctx.auth.getUserIdentity())
    return await ctx.db.query('messages').withIndex('by_owner', (q) => q.eq('owner', owner)).order('desc').paginate(paginationOpts)
  },
})

/** Not callable from outside: there so that a test can show it is refused. */
export const purge = internalMutation({
  args: {},
  handler: async (ctx) => {
    for (const row of await ctx.db.query('messages').collect()) await ctx.db.delete(row._id)
  },
})
