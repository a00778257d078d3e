/** Returns a copy without `undefined` members, because a port may return an absent time either way. */
export function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
