import { auth } from '@clerk/nextjs/server'
import { Client, fql } from 'countersign/fauna'

export async function GET() {
  const { getToken } = await auth()
  const secret = await getToken({ template: 'fauna' })
  if (!secret) return new Response(null, { status: 401 })
  const { data } = await new Client({ secret, endpoint: process.env.FAUNA_URL }).query(fql`Time.now()`)
  return Response.json({ now: data })                                       // TimeStub has toJSON
}
