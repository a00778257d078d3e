import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { CheckpointOptions } from '../checkpoint/checkpoint-options.js'
import type { RetryOptions, RetryStrategy } from '../retry/retry-options.js'
import type { ResumeOptions, TaskOptions } from '../task/task-options.js'
import { checkBreakerOptions } from './check-breaker-options.js'
import { ANY_NUMBER, checkMembers, FROM_0, MS, MS_ABOVE_0, TEXT, WHOLE_FROM_0 } from './check-value.js'
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

const STRATEGIES: Readonly<Record<RetryStrategy, true>> = { exponential: true, linear: true, fixed: true }

const TASK_VALUES = { id: TEXT, timeout: MS, priority: ANY_NUMBER, dedupe: TEXT }
const IDEMPOTENCY_VALUES = { ttl: MS_ABOVE_0, lease: MS_ABOVE_0 }
const RETRY_COUNT = { max: FROM_0 }
const RETRY_VALUES = { ...RETRY_COUNT, delay: MS }
const MEMO_VALUES = { key: TEXT, ttl: MS_ABOVE_0 }
const CHECKPOINT_VALUES = { interval: MS_ABOVE_0, maxCheckpoints: WHOLE_FROM_0 }

/** @throws TypeError for an unknown option name of `resumeTask`. The task checks the members of its options. */
export function checkResumeOptions(options: ResumeOptions): void {
  refuseUnknown('resumeTask options', options, RESUME)
}

/**
 * @throws TypeError for an unknown option name and a value that means nothing, and an error for an option whose store the
 *   scope does not have.
 */
export function checkTaskOptions(options: TaskOptions, persistence: PersistenceProviders | undefined): void {
  refuseUnknown('task options', options, TASK)
  checkMembers('task option', options, TASK_VALUES)
  const { idempotency, memo, retry, checkpoint, circuitBreaker } = options
  if (idempotency !== undefined) {
    refuseUnknown('task option idempotency', idempotency, IDEMPOTENCY)
    checkMembers('task option idempotency:', idempotency, IDEMPOTENCY_VALUES)
  }
  if (memo !== undefined) {
    refuseUnknown('task option memo', memo, MEMO)
    checkMembers('task option memo:', memo, MEMO_VALUES)
  }
  if (retry !== undefined) checkRetry(retry)
  if (checkpoint !== undefined) {
    refuseUnknown('task option checkpoint', checkpoint, CHECKPOINT)
    checkMembers('task option checkpoint:', checkpoint, CHECKPOINT_VALUES)
  }
  if (circuitBreaker !== undefined) checkBreakerOptions(circuitBreaker)
  if (checkpoint !== undefined && persistence?.checkpoint === undefined) throw noCheckpointProvider()
  if (idempotency !== undefined && persistence?.idempotency === undefined) throw noIdempotencyProvider()
}

function checkRetry(retry: RetryOptions | RetryStrategy): void {
  if (typeof retry === 'string' && Object.hasOwn(STRATEGIES, retry)) return
  if (typeof retry !== 'object') {
    const got = typeof retry === 'string' ? `'${retry}'` : typeof retry
    throw new TypeError(`task option retry: must be 'exponential', 'linear', 'fixed' or an object, got ${got}`)
  }
  refuseUnknown('task option retry', retry, RETRY)
  checkMembers('task option retry:', retry, typeof retry.delay === 'function' ? RETRY_COUNT : RETRY_VALUES)
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
