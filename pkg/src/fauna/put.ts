/** Sets a field. Assigning `__proto__` would set the prototype instead, and a field of that name is data like any other. */
export const put = (target: object, key: string, value: unknown): void => {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else (target as Record<string, unknown>)[key] = value
}
