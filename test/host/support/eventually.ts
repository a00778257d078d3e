import { vi } from 'vitest'

/** Waits until `check` no longer throws, long enough for a loaded machine; `vi.waitFor` gives up after a second. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000 })
}
