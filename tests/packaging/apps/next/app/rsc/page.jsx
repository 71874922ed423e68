import { onServer } from '../../shared-server.js'

export const dynamic = 'force-dynamic'

export default async function Page({ searchParams }) {
  return <p id="out">{await onServer((await searchParams).api)}</p>
}
