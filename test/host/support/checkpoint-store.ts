import { type Checkpoint, InMemoryCheckpointProvider } from 'go-go-scope'
import { afterEach, beforeEach, vi } from 'vitest'

/** Gives each test of the file a provider, with timers that stand still. */
export function checkpointStore(): { readonly provider: InMemoryCheckpointProvider } {
  const store = { provider: new InMemoryCheckpointProvider() }
  beforeEach(() => {
    vi.useFakeTimers()
    vi.setSystemTime(1_000_000)
    store.provider = new InMemoryCheckpointProvider()
  })
  afterEach(() => void vi.useRealTimers())
  return store
}

export const stop = () => Promise.reject(new Error('stop'))

/** Returns a checkpoint of the task `job`. */
export function point(sequence: number, data: unknown): Checkpoint {
  return { id: `job-${sequence}`, taskId: 'job', sequence, timestamp: 1, progress: 40, data }
}
