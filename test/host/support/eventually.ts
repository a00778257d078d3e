import { vi } from 'vitest'

/** Waits until `check` throws no more: for as long as a busy machine may need, where `vi.waitFor` gives up after a second. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000 })
}
