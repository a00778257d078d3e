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

/** @throws TypeError for an unknown option name of a task. */
export function checkTaskOptions(options: TaskOptions): void {
  refuseUnknown('task options', options, TASK)
  const { idempotency, memo, retry, checkpoint } = options
  if (idempotency !== undefined) refuseUnknown('task option idempotency', idempotency, IDEMPOTENCY)
  if (memo !== undefined) refuseUnknown('task option memo', memo, MEMO)
  if (typeof retry === 'object') refuseUnknown('task option retry', retry, RETRY)
  if (checkpoint !== undefined) refuseUnknown('task option checkpoint', checkpoint, CHECKPOINT)
}
