// What may be seen of a token's contents, read without verifying.

const part = (text: string | undefined): Record<string, unknown> => {
  try {
    const bytes = Uint8Array.from(atob(text!.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {}
  } catch {
    return {}
  }
}

/** The claims of a JWT that may be shown, these and nothing else, because custom claims may be personal; `{}` for an opaque token. */
export const claimsOf = (token: string): Record<string, unknown> => {
  const [header, payload, , more] = token.split('.')
  const out: Record<string, unknown> = {}
  const take = (text: string | undefined, names: string) => {
    const claims = part(text)
    // An object where a text belongs would bring anything along.
    for (const name of names.split(' ')) if (/^[sn]/.test(typeof claims[name]) || Array.isArray(claims[name])) out[name] = claims[name]
  }
  if (more === undefined) {
    take(payload, 'iss aud sub exp iat nbf')
    take(header, 'alg kid')
  }
  return out
}

/** Everything that a JWT says; `{}` for an opaque token. */
export const payloadOf = (token: string): Record<string, unknown> => part(token.split('.')[1])
