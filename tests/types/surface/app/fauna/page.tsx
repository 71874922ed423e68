'use client'
import { useState } from 'react'
import { CountersignError } from 'countersign'
import { fql } from 'countersign/fauna'
import { fauna } from '@/lib/backends'

export default function Page() {
  const [message, setMessage] = useState('')

  const makeQuery = async () => {
    try {
      const { data } = await fauna.query<string>(fql`'Hello World!'`)
      setMessage(data)
    } catch (error) {
      if (CountersignError.isQuiet(error)) return               // the user changed or left: there is nobody to tell
      setMessage(CountersignError.is(error, 'signed_out') ? 'No token found' : String(error))
    }
  }
  return <><button onClick={makeQuery}>Make authenticated query</button><p>Message: {message}</p></>
}
