'use client'
import { useEffect, useState } from 'react'
import type { Finding } from 'countersign'
import { mountDevtools } from 'countersign/devtools'
import { convex, fauna, hasura, session } from '@/lib/backends'
import { instant } from '@/lib/instant'

export default function Page() {
  const [findings, setFindings] = useState<Finding[]>([])
  useEffect(() => mountDevtools(session), [])
  const check = async () => setFindings((await Promise.all([fauna, hasura, convex, instant].map((b) => b.check()))).flat())
  return <><button onClick={check}>Check my configuration</button>
    <ul>{findings.map((f, i) => <li key={i}>{f.ok ? 'ok' : 'NO'}: {f.message} {f.fix}</li>)}</ul></>
}
