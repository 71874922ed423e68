'use client'
import { useSyncExternalStore } from 'react'
import type { Bridge, BridgeState } from './bridge.js'

const idle: BridgeState = { status: 'idle' }
const onServer = () => idle

/** The bridge's state; the bridge runs as long as a component shows it. Safe in many components and under StrictMode. */
export const useBridge = (bridge: Bridge): BridgeState => useSyncExternalStore(bridge.subscribe, () => bridge.state, onServer)
