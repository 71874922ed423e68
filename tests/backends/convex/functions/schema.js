import { defineSchema, defineTable } from 'convex/server'
import { v } from 'convex/values'

export default defineSchema({
  messages: defineTable({ body: v.string(), owner: v.string(), room: v.string() })
    .index('by_owner', ['owner'])
    .index('by_room', ['room']),
  counters: defineTable({ name: v.string(), value: v.int64() }).index('by_name', ['name']),
  // One row per execution of counter:increment, so that a request which ran twice shows.
  executions: defineTable({ name: v.string(), requestId: v.string() }).index('by_request', ['name', 'requestId']),
})
