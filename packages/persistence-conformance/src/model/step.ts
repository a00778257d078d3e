import type { AdapterUnderTest } from '../engine-under-test.js'
import type { StoreName } from '../every-store.js'
import type { ReferenceProviders } from '../reference/reference-providers.js'
import { withoutUndefined } from '../without-undefined.js'

/** One call of a store. */
export interface Step {
  readonly store: StoreName
  readonly method: string
  readonly args: readonly unknown[]
  /** The error code with which the call must be refused. */
  readonly refused?: string
}

export type Outcome = { value: unknown } | { code: unknown }

type Method = (...args: readonly unknown[]) => Promise<unknown>

// The ports promise no result for these, but an implementation may return a count.
const WITHOUT_VALUE = new Set([
  'cleanup',
  'clear',
  'delete',
  'deleteAll',
  'deleteMany',
  'recordSuccess',
  'save',
  'set',
  'setMany',
  'setState',
])

/** Makes the call on the engine, without waiting for other calls. */
export async function onEngine(adapter: AdapterUnderTest, step: Step): Promise<Outcome> {
  try {
    return { value: comparable(step, await call(adapter[step.store], step)) }
  } catch (error) {
    return { code: (error as { code?: unknown }).code ?? error }
  }
}

/** Returns the outcome that the engine must have: calls run one by one, and a refused one changes nothing. */
export async function onReference(reference: ReferenceProviders, step: Step): Promise<Outcome> {
  if (step.refused !== undefined) return { code: step.refused }
  return { value: comparable(step, await call(reference[step.store], step)) }
}

function call(store: object, step: Step): Promise<unknown> {
  const methods = store as Record<string, Method>
  const method = methods[step.method]
  if (method === undefined) throw new Error(`no method ${step.method}`)
  return method.call(store, ...step.args)
}

function comparable(step: Step, value: unknown): unknown {
  if (WITHOUT_VALUE.has(step.method)) return undefined
  if (step.method === 'keys') return (value as string[]).toSorted()
  if (step.method === 'list') return (value as object[]).map(withoutUndefined)
  if (step.store === 'cache') return value
  return withoutUndefined(value)
}
