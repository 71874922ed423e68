const part = (idToken: string, at: number): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(atob((idToken.split('.')[at] ?? '').replace(/-/g, '+').replace(/_/g, '/')))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/**
 * The nonce that a token carries (an ID token of Auth0's first sign-in does): Instant wants to be told the same one.
 * Whether it is the right one was checked by whoever asked for the token; here it only has to be named.
 */
export const nonceOf = (idToken: string): string | undefined => {
  const nonce = part(idToken, 1)?.['nonce']
  return typeof nonce === 'string' && nonce ? nonce : undefined
}

/** Who a token is about: its issuer and subject. */
export const subjectOf = (idToken: string): string | undefined => {
  const { iss, sub } = part(idToken, 1) ?? {}
  return typeof sub === 'string' ? `${String(iss)}|${sub}` : undefined
}

/** The issuer that a Clerk publishable key names: `pk_test_` or `pk_live_`, then the host of its Frontend API in base64 with a `$` at the end. */
export const issuerOf = (publishableKey: string | undefined): string | undefined => {
  const [, coded] = /^pk_(?:test|live)_([\w+/=-]+)$/.exec(publishableKey ?? '') ?? []
  if (!coded) return undefined
  try {
    return `https://${atob(coded.replace(/-/g, '+').replace(/_/g, '/')).replace(/\$/g, '')}`
  } catch {
    return undefined
  }
}

/** What Instant will refuse a token for, or take it for less than was meant, as far as the token itself shows it. Quotes nothing but `alg` and hosts. */
export const doubts = (idToken: string, issuer?: string): string[] => {
  const [head, claims] = [part(idToken, 0), part(idToken, 1)]
  if (!head || !claims) return ['is opaque: Instant takes signed JWTs']
  const found: string[] = []
  const { alg } = head
  if (alg !== 'RS256' && alg !== 'ES256') found.push(`is signed with ${String(alg).slice(0, 10)}, and Instant verifies RS256 and ES256 only`)
  if (typeof claims['sub'] !== 'string' || !claims['sub']) found.push('has no sub')
  if (typeof claims['email'] !== 'string' || !claims['email']) found.push('has no email, so Instant makes a user without one')
  else if (claims['email_verified'] !== true) found.push('has an email_verified that is not the boolean true, so Instant drops the e-mail address')
  const host = (value: unknown) => String(value).replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  if (issuer && host(claims['iss']) !== host(issuer)) found.push(`is issued by ${host(claims['iss']).slice(0, 100)}, not by ${host(issuer)}`)
  return found
}
