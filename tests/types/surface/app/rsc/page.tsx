import { auth } from '@clerk/nextjs/server'
import { Client, fql } from 'countersign/fauna'

export default async function Page() {
  const { getToken } = await auth()
  const secret = await getToken({ template: 'fauna' })
  if (!secret) return <p>Signed out</p>
  const fauna = new Client({ secret, endpoint: process.env.FAUNA_URL })    // one request, one token, no session
  const { data } = await fauna.query<string>(fql`'Hello World!'`)
  return <p>{data}</p>
}
