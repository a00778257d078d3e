import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { CheckpointOptions } from '../checkpoint/checkpoint-options.js'
import type { RetryOptions } from '../retry/retry-options.js'
import type { ResumeOptions, TaskOptions } from '../task/task-options.js'
import { type KnownNames, refuseUnknown } from './refuse-unknown.js'

const TASK: KnownNames<TaskOptions> = {
  id: true,
  retry: true,
  timeout: true,
  circuitBreaker: true,
  priority: true,
  dedupe: true,
  memo: true,
  idempotency: true,
  checkpoint: true,
  errorClass: true,
  systemErrorClass: true,
  onCleanup: true,
}

const RESUME: KnownNames<ResumeOptions> = { ...TASK, requireExisting: true }

const IDEMPOTENCY: KnownNames<NonNullable<TaskOptions['idempotency']>> = { key: true, ttl: true, lease: true }
const MEMO: KnownNames<NonNullable<TaskOptions['memo']>> = { key: true, ttl: true }
const RETRY: KnownNames<RetryOptions> = { max: true, delay: true, if: true, onRetry: true }
const CHECKPOINT: KnownNames<CheckpointOptions> = {
  interval: true,
  onCheckpoint: true,
  onResume: true,
  maxCheckpoints: true,
}

/** @throws TypeError for an unknown option name of `resumeTask`. The task checks the members of its options. */
export function checkResumeOptions(options: ResumeOptions): void {
  refuseUnknown('resumeTask options', options, RESUME)
}

/** @throws TypeError for an unknown option name, and an error for an option whose store the scope does not have. */
export function checkTaskOptions(options: TaskOptions, persistence: PersistenceProviders | undefined): void {
  refuseUnknown('task options', options, TASK)
  const { idempotency, memo, retry, checkpoint } = options
  if (idempotency !== undefined) refuseUnknown('task option idempotency', idempotency, IDEMPOTENCY)
  if (memo !== undefined) refuseUnknown('task option memo', memo, MEMO)
  if (typeof retry === 'object') refuseUnknown('task option retry', retry, RETRY)
  if (checkpoint !== undefined) refuseUnknown('task option checkpoint', checkpoint, CHECKPOINT)
  if (checkpoint !== undefined && persistence?.checkpoint === undefined) throw noCheckpointProvider()
  if (idempotency !== undefined && persistence?.idempotency === undefined) throw noIdempotencyProvider()
}

/** The idempotency key of a task. @throws what the function for it throws, and TypeError when it is not a string. */
export function idempotencyKey({ key }: NonNullable<TaskOptions['idempotency']>): string {
  const made: unknown = typeof key === 'function' ? key() : key
  if (typeof made === 'string') return made
  const type = made === null ? 'null' : typeof made
  const got = typeof key === 'function' ? `a function that returned ${type}` : type
  throw new TypeError(`task option idempotency: key must be a string or a function that returns one, got ${got}`)
}

/** For a task with checkpoints in a scope without a store for them. */
export function noCheckpointProvider(): Error {
  return new Error('No checkpoint provider configured: give the scope a persistence with checkpoint')
}

/** For a task with a key in a scope without a store for keys: the task would run at every call. */
function noIdempotencyProvider(): Error {
  return new Error(
    'No idempotency provider configured: the task has an idempotency key; give its scope a persistence with idempotency',
  )
}
