'use client'
import { useState } from 'react'
import { Auth0Provider, useAuth0 } from '@auth0/auth0-react'
import { CountersignError } from 'countersign'
import { fql } from 'countersign/fauna'
import { auth0, fauna, session } from '@/lib/auth0'

function Button() {
  const { isAuthenticated, loginWithRedirect } = useAuth0()
  const [message, setMessage] = useState('')
  const run = async () => {
    try { setMessage((await fauna.query<string>(fql`'Hello World!'`)).data) }
    catch (e) {
      if (CountersignError.is(e, 'signed_out')) return loginWithRedirect() // login_required, invalid_grant, ... all say this
      setMessage(String(e))
    }
  }
  return isAuthenticated
    ? <><button onClick={run}>Query</button><button onClick={() => session.signOut()}>Sign out</button><p>{message}</p></>
    : <button onClick={() => loginWithRedirect()}>Sign in</button>
}
export default function Page() { return <Auth0Provider client={auth0}><Button /></Auth0Provider> }
