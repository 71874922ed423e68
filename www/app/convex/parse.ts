import { anyApi } from 'countersign/convex'

export interface Call { kind: 'query' | 'mutation' | 'action'; ref: any; args: Record<string, unknown> }

const SHAPE = /^\s*(?:(query|mutation|action)\s+)?([\w/]+):(\w+)\s*([\s\S]*)$/

/** `messages:getForCurrentUser {}`, `mutation messages:send {"body": "hi"}`. An app has this from its generated `api`. */
export function parseCall(text: string): Call {
  const found = SHAPE.exec(text)
  if (!found) throw new Error('Write: query, mutation or action (query if left out), then file:function, then its arguments as JSON')
  const [, kind = 'query', path = '', name = '', json = ''] = found
  let args: unknown
  try {
    args = JSON.parse(json.trim() || '{}')
  } catch (error) {
    throw new Error(`The arguments are not JSON: ${(error as Error).message}`)
  }
  if (args === null || typeof args !== 'object' || Array.isArray(args)) throw new Error('The arguments are a JSON object, such as {}')
  const file = path.split('/').reduce((api: any, part) => api[part], anyApi)
  return { kind: kind as Call['kind'], ref: file[name], args: args as Record<string, unknown> }
}
