/** A value in an error message: everything has a text, 16 KB at most. */
export const show = (value: unknown): string => {
  let text: string
  try {
    text = JSON.stringify(value, (_key, v: unknown) =>
      v === undefined ? 'undefined' : typeof v === 'function' ? '[Function]' : typeof v === 'symbol' ? String(v) : typeof v === 'bigint' ? `${v}n` : v)
  } catch {
    // A toJSON that throws, or an object that contains itself.
    return String(Object.prototype.toString.call(value))
  }
  if (text.length <= 16384) return text
  const rest = '[...truncated]'
  const cut = text.slice(0, 16384 - rest.length)
  return (/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut) + rest
}
