import { expect } from 'vitest'

/** Expects the output of a verified import of 3,000 cities. */
export function expectVerified(stdout: string): void {
  expect(stdout).toMatch(
    /cities in the source +3,000\n +rows in the table +3,000\n +missing +0\n +duplicates +0\n +not in the source +0\n/,
  )
  const [, source = 'none', table] =
    /of the source +([0-9a-f]{64})\n.*of the table +([0-9a-f]{64})\n/.exec(stdout) ?? []
  expect(source).toBe(table)
  expect(stdout).toContain('\n\nEvery city was imported exactly once.\n')
}
