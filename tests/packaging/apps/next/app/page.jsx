'use client'
import { useEffect, useState } from 'react'
import { run } from '../shared/run.js'

export default function Page() {
  const [text, setText] = useState('waiting')
  useEffect(() => void run().then(setText, (error) => setText(`FAIL ${error}`)), [])
  return <p id="out">{text}</p>
}
