/** The text of any thrown value. Never throws, also when the value throws at every look: a revoked Proxy, a getter. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return tagOf(thrown)
  }
}

function tagOf(thrown: unknown): string {
  try {
    return Object.prototype.toString.call(thrown)
  } catch {
    return 'a thrown value that cannot be read'
  }
}
