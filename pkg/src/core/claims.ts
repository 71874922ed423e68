/** What `inspect()` shows of a token: these and nothing else, because custom claims may be personal. */
const shown = ['iss', 'aud', 'sub', 'exp', 'iat', 'nbf'] as const

const part = (text: string | undefined): Record<string, unknown> => {
  try {
    const bytes = Uint8Array.from(atob((text ?? '').replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** The claims of a JWT that may be shown; `{}` for an opaque token. */
export const claimsOf = (token: string): Record<string, unknown> => {
  const [header, payload, , more] = token.split('.')
  if (more !== undefined) return {}
  const [h, p] = [part(header), part(payload)]
  const out: Record<string, unknown> = {}
  for (const name of shown) if (p?.[name] !== undefined) out[name] = p[name]
  for (const name of ['alg', 'kid']) if (h?.[name] !== undefined) out[name] = h[name]
  return out
}

/** Everything that a JWT says; `{}` for an opaque token. */
export const payloadOf = (token: string): Record<string, unknown> => part(token.split('.')[1])
