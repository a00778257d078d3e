import assert from 'node:assert/strict'

/** A typed error as the suites see it. */
export interface Refusal extends Error {
  readonly _tag: string
  readonly code: string
  readonly operation: string
  readonly retryable: boolean
}

export interface ExpectedRefusal {
  code: string
  /** Texts that the message must contain: the argument, the value, the fix. */
  says?: readonly (string | RegExp)[]
}

/**
 * Asserts that `action` rejects (and does not throw synchronously) with a typed error of that code.
 *
 * @returns the error.
 */
export async function refuses(action: () => Promise<unknown>, expected: ExpectedRefusal): Promise<Refusal> {
  let promise: Promise<unknown>
  try {
    promise = action()
  } catch (error) {
    throw new assert.AssertionError({ message: `threw instead of rejecting: ${describe(error)}` })
  }
  return expectRefusal(await outcome(promise), expected)
}

/** As {@link refuses}, for constructors and synchronous functions. */
export function throwsRefusal(action: () => unknown, expected: ExpectedRefusal): Refusal {
  let value: unknown
  try {
    value = action()
  } catch (error) {
    return expectRefusal({ error }, expected)
  }
  return expectRefusal({ value }, expected)
}

type Outcome = { value: unknown } | { error: unknown }

async function outcome(promise: Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}

function expectRefusal(result: Outcome, expected: ExpectedRefusal): Refusal {
  if (!('error' in result)) assert.fail(`expected ${expected.code}, but it succeeded with ${describe(result.value)}`)
  const { error } = result
  assert.ok(error instanceof Error, `rejected with something that is no Error: ${describe(error)}`)
  const refusal = error as Refusal
  assert.equal(refusal.code, expected.code, `wrong code for: ${describe(error)}`)
  assert.equal(refusal._tag, 'PersistenceError')
  assert.equal(typeof refusal.retryable, 'boolean')
  assert.match(refusal.operation, /^[a-z]+(\.[a-z]+)?$/i, 'the error names its operation, and nothing else')
  // `open` has the path between the operation and the text.
  assert.match(
    refusal.message,
    new RegExp(`^${refusal.operation}(: | [^:]*:)`),
    'the message begins with the operation',
  )
  for (const words of expected.says ?? []) {
    const said = typeof words === 'string' ? refusal.message.includes(words) : words.test(refusal.message)
    assert.ok(said, `message lacks ${String(words)}: ${refusal.message}`)
  }
  return refusal
}

function describe(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : String(value)
}
