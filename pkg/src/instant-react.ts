'use client'
export { useBridge } from './instant/use-bridge.js'
