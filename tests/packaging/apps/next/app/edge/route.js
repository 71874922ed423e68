import { onServer } from '../../shared-server.js'

export const runtime = 'edge'

export async function GET(request) {
  return new Response(await onServer(new URL(request.url).searchParams.get('api')))
}
