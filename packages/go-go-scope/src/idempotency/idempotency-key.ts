import type { TaskOptions } from '../task/task-options.js'

/** @throws what the function for the key throws, and TypeError for a key that is no string. */
export function idempotencyKey({ key }: NonNullable<TaskOptions['idempotency']>): string {
  const made: unknown = typeof key === 'function' ? key() : key
  if (typeof made === 'string') return made
  const got = made === null ? 'null' : typeof made
  throw new TypeError(
    `task option idempotency: key must be a string or a function that returns one, got ${typeof key === 'function' ? `a function that returned ${got}` : got}`,
  )
}

/** For a task with a key in a scope without a store for keys: the task would run at every call. */
export function noProvider(): Error {
  return new Error(
    'No idempotency provider configured: the task has an idempotency key; give its scope a persistence with idempotency',
  )
}
