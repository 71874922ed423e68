'use client'
export { createUseAuth } from './convex/use-auth.js'
