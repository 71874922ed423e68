import { personOf } from '../../accounts.mjs'

/**
 * Who owns a row. One person may come through either issuer and must see the same rows; anybody else owns
 * rows under the full token identifier, which no other issuer can produce.
 */
export function ownerOf(identity) {
  if (identity === null) throw new Error('Not authenticated')
  return personOf(identity.subject) ?? identity.tokenIdentifier
}
