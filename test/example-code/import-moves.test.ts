import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runExample, startExample } from '../examples/run-example.js'
import { writeShortSource } from '../examples/short-source.js'
import { type Server, startServer } from '../postgres/server/start-server.mjs'

const MAIN = 'resumable-import/main.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: string
let server: Server
let source: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-moves-'))
  source = await writeShortSource(join(folder, 'cities.json'), 3000)
  server = await startServer()
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('stopped in the middle on a file, the import moves to a server and ends there with every city exactly once', async () => {
  const env = { POSTGRES_URL: server.url }
  const file = join(folder, 'cities.db')
  const onFile = ['--front-end', 'node', '--db', file, '--source', source]
  const run = startExample(MAIN, [...onFile, '--batch', '250', '--slow'], { env })
  await run.printed(/ 25 % /)
  run.kill('SIGINT')
  const stopped = await run.ended
  expect(stopped.code, stopped.stdout + stopped.stderr).toBe(130)
  const [, checkpoint = 'none'] = /The last checkpoint is at ([\d,]+) of 3,000 cities/.exec(stopped.stdout) ?? []

  const onServer = ['--front-end', 'postgres', '--source', source]
  const moved = await runExample(MAIN, [...onServer, '--move-from', file], { env })
  expect({ code: moved.code, stderr: moved.stderr }, moved.stdout).toEqual({ code: 0, stderr: '' })
  expect(moved.stdout).toMatch(/Moved to the server: \d+ stored rows, checkpoints among them, and [\d,]+ cities\./)
  expect(moved.stdout).toContain(`Resuming at the last checkpoint, ${checkpoint}; the table has ${checkpoint} rows.`)
  expect(moved.stdout).toContain('\n\nEvery city was imported exactly once.\n')

  const left = await runExample(MAIN, onFile, { env })
  expect(left.code).toBe(1)
  expect(left.stderr).toMatch(
    /^MOVED: open .*cities\.db: this store was moved to postgres:\/\/127\.0\.0\.1:\d+\/postgres/,
  )

  const again = await runExample(MAIN, onServer, { env })
  expect(again.stdout).toContain('completed by an earlier run')
  expect(again.code).toBe(0)
})

test('killed twice on a server that it starts itself, it ends with every city exactly once', async () => {
  const args = ['--front-end', 'postgres', '--source', source, '--batch', '100', '--demo']
  const { code, stdout, stderr } = await runExample(MAIN, args)
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
  expect(stdout.match(/Killed with SIGKILL/g)).toHaveLength(2)
  expect(stdout).toContain('Another process is importing into this database.')
  expect(stdout).toContain('\n\nEvery city was imported exactly once.\n')
})
