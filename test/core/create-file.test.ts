import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createFile } from '../../packages/shared/src/dialects/sqlite/file/create-file.js'

const folder = mkdtempSync(join(tmpdir(), 'create-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the error of a file that no shell could create says that the shell is missing', async () => {
  const noLinks = (): Promise<never> => Promise.reject(new Error('no hard links here'))
  await expect(createFile(join(folder, 'app.db'), 0o600, noLinks, '/no/shell')).rejects.toMatchObject({
    code: 'CANNOT_OPEN',
    message: expect.stringMatching(/no hard links, and the shell .* did not start; .* \(spawn \/no\/shell ENOENT\)$/),
  })
})
