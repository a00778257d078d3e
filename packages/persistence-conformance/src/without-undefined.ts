/** A copy without members that are `undefined`: where a port lets an absent time be either, tests must not care. */
export function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
