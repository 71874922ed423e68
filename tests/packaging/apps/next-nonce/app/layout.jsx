import { connection } from 'next/server'

export default async function RootLayout({ children }) {
  await connection() // a nonce needs a page rendered per request
  return <html lang="en"><body>{children}</body></html>
}
