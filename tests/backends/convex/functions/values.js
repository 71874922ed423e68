import { queryGeneric as query } from 'convex/server'
import { v } from 'convex/values'

/** Whatever came in, unchanged: for checking the value encodings both ways. */
export const echo = query({ args: { value: v.any() }, handler: async (_ctx, { value }) => value })
