import { expect, test } from 'vitest'
import { Company, dismissIdle } from './company.js'
import { mixedMembers } from './members.js'

/** Declares that idle processes end well. In the last file, they have run scripts of all tests. */
export function companiesEnd(): void {
  test('processes that served the tests end by themselves, with exit code 0 and without output', async () => {
    const company = await Company.start(mixedMembers(2), new URL('idle.mjs', import.meta.url))
    await company.end()
    await expect(dismissIdle()).resolves.toBeUndefined()
  })
}
