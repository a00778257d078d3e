import type { TaskOptions } from '../task/task-options.js'

/** The key of a task. Throws what its function throws. */
export function idempotencyKey({ key }: NonNullable<TaskOptions['idempotency']>): string {
  const made: unknown = typeof key === 'function' ? key() : key
  if (typeof made === 'string') return made
  const got = made === null ? 'null' : typeof made
  throw new TypeError(
    `task option idempotency: key must be a string or a function that returns one, got ${typeof key === 'function' ? `a function that returned ${got}` : got}`,
  )
}

/** For a key with nothing to look it up in: the task would run as often as it is called. */
export function noProvider(): Error {
  return new Error(
    'No idempotency provider configured: the task has an idempotency key; give its scope a persistence with idempotency',
  )
}
