import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runExample } from '../examples/run-example.js'
import { writeShortSource } from '../examples/short-source.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { tamper } from './tamper.js'

const MAIN = 'resumable-import/main.ts'

const folder = temporaryFolder('import-verification')
let imported: string
let source: string
beforeAll(async () => {
  source = await writeShortSource(join(folder, 'cities.json'), 2000)
  imported = join(folder, 'imported.db')
  const { code, stdout, stderr } = await verifyOrImport(imported)
  expect(code, stdout + stderr).toBe(0)
})

test.concurrent.each([
  ['missing row', 'DELETE FROM cities WHERE id = 17', { missing: 1, duplicates: 0, unknown: 0 }],
  [
    'duplicate',
    `INSERT INTO cities
     SELECT 9999999, name, country, region, latitude, longitude FROM cities WHERE id = 17`,
    { missing: 0, duplicates: 1, unknown: 0 },
  ],
  ['changed value', `UPDATE cities SET name = name || '!' WHERE id = 17`, { missing: 1, duplicates: 0, unknown: 1 }],
  [
    // Only the hash of all rows can detect it.
    'pair of exchanged ids',
    `UPDATE cities SET id = id - 35 WHERE id IN (17, 18); UPDATE cities SET id = -id WHERE id < 0`,
    { missing: 0, duplicates: 0, unknown: 0 },
  ],
])('a %s is found, with the exit code 1', async (name, sql, { missing, duplicates, unknown }) => {
  const file = join(folder, `${name}.db`)
  await copyFile(imported, file)
  await tamper(file, sql)
  const { code, stdout } = await verifyOrImport(file)
  expect(code).toBe(1)
  expect(stdout).toMatch(
    new RegExp(` missing +${missing}\\n +duplicates +${duplicates}\\n +not in the source +${unknown}\\n`),
  )
  expect(stdout).toContain('VERIFICATION FAILED')
  expect(stdout).not.toContain('exactly once')
})

/** Runs the example alone: it imports into a new file, and only verifies a completed one. */
function verifyOrImport(file: string): ReturnType<typeof runExample> {
  return runExample(MAIN, ['--db', file, '--front-end', 'node', '--source', source])
}
