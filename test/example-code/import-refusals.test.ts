import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { runExample } from '../examples/run-example.js'
import { writeShortSource } from '../examples/short-source.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const MAIN = 'resumable-import/main.ts'

// Processes start slowly on a loaded machine.
vi.setConfig({ testTimeout: 120_000 })

const folder = temporaryFolder('refused-import')
let source: string
beforeAll(async () => {
  await mkdir(join(folder, 'folder'))
  source = await writeShortSource(join(folder, 'cities.json'), 3000)
})

describe.each(['sqlite3', 'node', 'bun'])('resumable-import by the front end %s', (frontEnd) => {
  test.each([
    [
      'in a folder that is missing',
      'missing/cities.db',
      `the file cannot be created; check that its folder ${join(folder, 'missing')} exists`,
    ],
    ['that is a folder', 'folder', 'the file cannot be opened; check that it exists, is a file'],
  ])('a database %s is refused in one line, without a message that progress was kept', async (_what, name, reason) => {
    const file = join(folder, name)
    const { code, stdout, stderr } = await runExample(MAIN, ['--front-end', frontEnd, '--db', file])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^CANNOT_OPEN: open .*\n$/)
    expect(stderr).toContain(`${file}: ${reason}`)
  })
})

test('with FORCE_COLOR the verdict is green, through a pipe it is plain', async () => {
  const flags = ['--db', join(folder, 'colour.db'), '--source', source]
  const painted = await runExample(MAIN, flags, { env: { FORCE_COLOR: '1' } })
  expect(painted.stdout).toContain('\n\n\u001b[32mEvery city was imported exactly once.\u001b[39m\n')
  // The list of all cities, which takes long to read.
  const plain = await runExample(MAIN, ['--db', join(folder, 'plain.db'), '--limit', '2000'])
  expect(plain.stdout).toContain('\n\nEvery city was imported exactly once.\n')
  expect(plain.stdout).not.toContain('\u001b')
})

test('an invalid argument is named, with exit code 2', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await runExample(MAIN, args)
    expect(code).toBe(2)
    return stderr
  }
  expect(await refused('--front-end', 'oracle')).toContain(
    '--front-end must be one of sqlite3, node, bun, postgres, got oracle',
  )
  expect(await refused('--source', 'missing.json')).toContain('--source must name a file that exists, got missing.json')
})
