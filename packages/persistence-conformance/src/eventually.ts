import assert from 'node:assert/strict'

/** Waits for a condition without assuming a duration. Fails only if it never becomes true. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    assert.ok(performance.now() < end, `it never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
