import type { LockHandle } from '@go-go-scope/persistence-sqlite-core/ports'

/** The signal of handles that have one: it aborts when the provider itself sees that the lease is lost. */
export function handleSignal(handle: LockHandle): AbortSignal | undefined {
  const { signal } = handle as { signal?: AbortSignal }
  return typeof signal?.addEventListener === 'function' ? signal : undefined
}
