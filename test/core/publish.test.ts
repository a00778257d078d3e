import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { publish } from '../../packages/shared/src/dialects/sqlite/copies/publish.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('where the file system has no hard links', () => {
  const noLinks = async (): Promise<never> => {
    throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' })
  }

  test('a file gets its name by a reservation of it, and none that is taken', async () => {
    const [temporary, path] = [join(folder, 'temporary'), join(folder, 'copy.db')]
    writeFileSync(temporary, 'whole', { mode: 0o600 })
    await publish(temporary, path, 'backup', noLinks)
    expect(readFileSync(path, 'utf8')).toBe('whole')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(temporary, 'another')
    await expect(publish(temporary, path, 'backup', noLinks)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect(readFileSync(path, 'utf8')).toBe('whole')
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'temporary'])
  })

  test('a file that is gone leaves nothing under the name', async () => {
    const [temporary, path] = [join(folder, 'temporary'), join(folder, 'copy.db')]
    await expect(publish(temporary, path, 'backup', noLinks)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(folder)).toEqual([])
  })
})
