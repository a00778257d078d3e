/** Any value in the few characters an error message has for it; unlike JSON.stringify it never throws. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'symbol') return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return 'an object'
  }
}
