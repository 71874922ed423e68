import { init } from '@instantdb/react'
import { bridge } from 'countersign/instant'
import { session } from './backends'

export const db = init({ appId: process.env.NEXT_PUBLIC_INSTANT_APP_ID!, apiURI: process.env.NEXT_PUBLIC_INSTANT_API!, websocketURI: process.env.NEXT_PUBLIC_INSTANT_WS! })
export const instant = bridge(db, { session, template: 'instant', clientName: 'clerk' })
