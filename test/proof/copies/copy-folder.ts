import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach } from 'vitest'

/** Makes a folder for the tests of a `describe`. Its sources are named `app.db…`; all other files are removed after each test. */
export function copyFolder(): { readonly folder: string; readonly target: string; clear(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'block-copies-'))
  const clear = (): void => {
    for (const name of readdirSync(folder)) if (!name.startsWith('app.db')) rmSync(join(folder, name))
  }
  afterEach(clear)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, target: join(folder, 'copy.db'), clear }
}
