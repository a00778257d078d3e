export { type FetchHandler, idempotent } from './idempotent.js'
export type { IdempotencyKeyOptions, IdempotencyProblem, ResponseHead } from './options.js'
