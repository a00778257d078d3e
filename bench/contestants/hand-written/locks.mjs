/** A hand-written lock map, which reads only the requested entry. */
export function sweepless() {
  const held = new Map()
  let grants = 0
  return {
    async acquire(key, ttl) {
      const now = performance.now()
      const holder = held.get(key)
      if (holder !== undefined && holder.expiresAt > now) return null
      const mine = { owner: `owner-${++grants}`, expiresAt: now + ttl }
      held.set(key, mine)
      return {
        async release() {
          if (held.get(key) === mine) held.delete(key)
        },
      }
    },
  }
}

/** The obvious lock map, which removes all expired entries before each lookup. */
export function sweeping() {
  const held = new Map()
  let grants = 0
  return {
    async acquire(key, ttl) {
      const now = performance.now()
      for (const [other, { expiresAt }] of held) if (expiresAt <= now) held.delete(other)
      if (held.has(key)) return null
      const mine = { owner: `owner-${++grants}`, expiresAt: now + ttl }
      held.set(key, mine)
      return {
        async release() {
          if (held.get(key) === mine) held.delete(key)
        },
      }
    },
  }
}
