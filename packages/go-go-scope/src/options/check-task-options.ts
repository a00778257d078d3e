import type { CheckpointOptions } from '../checkpoint/checkpoint-options.js'
import type { RetryOptions, RetryStrategy } from '../retry/retry-options.js'
import type { ResumeOptions, TaskOptions } from '../task/task-options.js'
import { checkBreakerOptions } from './check-breaker-options.js'
import { checkOptions, type OptionTable } from './check-options.js'
import { ANY_NUMBER, ANYTHING, FROM_0, MS, MS_ABOVE_0, TEXT, type Wanted, WHOLE_FROM_0 } from './check-value.js'
import { refuseUnknown } from './refuse-unknown.js'

const TASK: OptionTable<TaskOptions> = {
  id: TEXT,
  retry: ANYTHING,
  timeout: MS,
  circuitBreaker: ANYTHING,
  priority: ANY_NUMBER,
  dedupe: TEXT,
  memo: ANYTHING,
  idempotency: ANYTHING,
  checkpoint: ANYTHING,
  errorClass: ANYTHING,
  systemErrorClass: ANYTHING,
  onCleanup: ANYTHING,
}

const RESUME: OptionTable<ResumeOptions> = { ...TASK, requireExisting: ANYTHING }

const DELAY: Wanted = {
  wanted: 'a number of ms from 0 or a function',
  fits: (value) => typeof value === 'function' || MS.fits(value),
}

const IDEMPOTENCY: OptionTable<NonNullable<TaskOptions['idempotency']>> = {
  key: ANYTHING,
  ttl: MS_ABOVE_0,
  lease: MS_ABOVE_0,
}
const MEMO: OptionTable<NonNullable<TaskOptions['memo']>> = { key: TEXT, ttl: MS_ABOVE_0 }
const RETRY: OptionTable<RetryOptions> = { max: FROM_0, delay: DELAY, if: ANYTHING, onRetry: ANYTHING }
const CHECKPOINT: OptionTable<CheckpointOptions> = {
  interval: MS_ABOVE_0,
  onCheckpoint: ANYTHING,
  onResume: ANYTHING,
  maxCheckpoints: WHOLE_FROM_0,
}

const STRATEGIES: Readonly<Record<RetryStrategy, true>> = { exponential: true, linear: true, fixed: true }

/** @throws TypeError for an unknown option name of `resumeTask`. The task checks the members of its options. */
export function checkResumeOptions(options: ResumeOptions): void {
  refuseUnknown('resumeTask options', options, RESUME)
}

/** @throws TypeError for an unknown option name and an invalid value. */
export function checkTaskOptions(options: TaskOptions): void {
  checkOptions('task', options, TASK)
  const { idempotency, memo, retry, checkpoint, circuitBreaker } = options
  if (idempotency !== undefined) checkOptions('task', idempotency, IDEMPOTENCY, 'idempotency')
  if (memo !== undefined) checkOptions('task', memo, MEMO, 'memo')
  if (retry !== undefined) checkRetry(retry)
  if (checkpoint !== undefined) checkOptions('task', checkpoint, CHECKPOINT, 'checkpoint')
  if (circuitBreaker !== undefined) checkBreakerOptions(circuitBreaker)
}

function checkRetry(retry: RetryOptions | RetryStrategy): void {
  if (typeof retry === 'string' && Object.hasOwn(STRATEGIES, retry)) return
  if (typeof retry !== 'object') {
    const got = typeof retry === 'string' ? `'${retry}'` : typeof retry
    throw new TypeError(`task option retry: must be 'exponential', 'linear', 'fixed' or an object, got ${got}`)
  }
  checkOptions('task', retry, RETRY, 'retry')
}

/** Returns the idempotency key of a task. @throws the error of the key function, and TypeError if the key is not a string. */
export function idempotencyKey({ key }: NonNullable<TaskOptions['idempotency']>): string {
  const made: unknown = typeof key === 'function' ? key() : key
  if (typeof made === 'string') return made
  const type = made === null ? 'null' : typeof made
  const got = typeof key === 'function' ? `a function that returned ${type}` : type
  throw new TypeError(`task option idempotency: key must be a string or a function that returns one, got ${got}`)
}
