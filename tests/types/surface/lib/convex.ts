import { ConvexReactClient } from 'convex/react'
import { createUseAuth } from 'countersign/convex/react'
import { session } from './backends'

export const convexReact = new ConvexReactClient(process.env.NEXT_PUBLIC_CONVEX_URL!)
export const useConvexSession = createUseAuth(session, { template: 'convex' })
