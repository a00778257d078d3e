import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { EXIT } from '../../packages/cli/src/exit-codes.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { inFile, program, SQLiteAdapter, scopedb, scopedbHere } from './scopedb.js'

// The part of the program that depends on the runtime: loading the engine, writing, exiting. test/cli-once has the commands.
const folder = temporaryFolder('scopedb-programs')
const path = join(folder, 'app.db')

beforeAll(async () => {
  await using shop = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:' })
  await shop.cache.setMany([
    ['session:42', { user: 'ada' }],
    ['session:43', null],
  ])
  for (let call = 0; call < 3; call++) await shop.circuitBreaker.recordFailure('payments', 3)
  await shop.checkpoint.save({ id: 'c', taskId: 'import', sequence: 3, timestamp: 3, progress: 75, data: 1 })
  await using plain = await SQLiteAdapter.open(path, { locks: 'database' })
  await plain.lock.acquire('nightly', 600_000, 'the operator')
})

test('the database alone shows who holds a lock and how far a task is', async () => {
  const { code, out } = await scopedb(path)
  expect(code).toBe(0)
  expect(out).toMatch(/nightly +held +the operator/)
  expect(out).toMatch(/payments +shop: +open/)
  expect(out).toMatch(/import +shop: .*75 %/)
  expect(out).toMatch(/cache entries +their size.*\n *2 +\d+ B/)
})

// Bun's engine removes spaces at the start of a path.
test('the pages of a file are checked also if its name begins with a space', async () => {
  const before = process.cwd()
  process.chdir(folder)
  try {
    await (await SQLiteAdapter.open(' of its own.db')).disconnect()
    expect(await scopedbHere(' of its own.db', 'verify')).toMatchObject({ code: 0 })
  } finally {
    process.chdir(before)
  }
})

test('a list ends quietly when its reader does', async () => {
  const many = join(folder, 'reader.db')
  await using adapter = await SQLiteAdapter.open(many)
  // More than fits into a pipe.
  await adapter.cache.setMany(Array.from({ length: 3_000 }, (_, at) => [`entry ${at}`, at]))
  const script = '"$0" "$1" "$2" cache --jsonl | head -1; echo "$PIPESTATUS"'
  const child = spawn('bash', ['-c', script, process.execPath, program, many])
  let [out, err] = ['', '']
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  await new Promise((resolve) => child.once('close', resolve))
  expect([out.split('\n').slice(1), err]).toEqual([['0', ''], ''])
})

test('a migration whose reader has exited is made all the same', async () => {
  const older = join(folder, 'older.db')
  await inFile(
    older,
    'CREATE TABLE go_goscope_cache (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER)',
  )
  const child = spawn(process.execPath, [program, older, 'migrate', '--yes'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let err = ''
  child.stderr.on('data', (text) => {
    err += text
  })
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(EXIT.ok)
  expect(err).toMatch(/^migrated from version 0 to \d+\n$/)
  expect((await scopedb(older, 'cache')).code).toBe(0)
})

test('messages that cannot be written do not change the exit code', async () => {
  const unwritable = openSync(path, 'r')
  try {
    for (const [args, expected] of [
      [[path, 'verify'], EXIT.ok],
      [['unheard', 'of'], EXIT.usage],
    ] as const) {
      const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', unwritable] })
      expect(await new Promise((resolve) => child.once('close', resolve))).toBe(expected)
    }
  } finally {
    closeSync(unwritable)
  }
})

test('a command whose output cannot be written has failed, and says why in a line', async () => {
  // A read-only descriptor fails in the same way as a full disk.
  const unwritable = openSync(path, 'r')
  try {
    const child = spawn(process.execPath, [program, path, 'cache', '--jsonl'], {
      stdio: ['ignore', unwritable, 'pipe'],
    })
    let err = ''
    child.stderr?.on('data', (text) => {
      err += text
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(err).toMatch(/^scopedb: stdout cannot be written \(.*\)\n$/)
    expect(code).toBe(EXIT.failed)
  } finally {
    closeSync(unwritable)
  }
})

test('the exit code is what the process ends with', async () => {
  expect((await scopedb('unheard', 'of')).code).toBe(2)
})
