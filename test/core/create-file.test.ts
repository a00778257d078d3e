import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test, vi } from 'vitest'
import { createFile } from '../../packages/shared/src/dialects/sqlite/file/create-file.js'

// An image without a shell.
vi.mock(import('node:child_process'), async (original) => {
  const all = await original()
  const run = (_shell: string, given: string[]) => promisify(all.execFile)('/no/shell', given)
  return { ...all, execFile: Object.assign(() => undefined, { [promisify.custom]: run }) as never }
})

const folder = mkdtempSync(join(tmpdir(), 'create-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the error of a file that no shell could create says that the shell is missing', async () => {
  const noLinks = (): Promise<never> => Promise.reject(new Error('no hard links here'))
  await expect(createFile(join(folder, 'app.db'), 0o600, noLinks)).rejects.toMatchObject({
    code: 'CANNOT_OPEN',
    message: expect.stringContaining('(spawn /no/shell ENOENT)'),
  })
})
