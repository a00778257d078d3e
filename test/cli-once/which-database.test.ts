import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type Ended, SQLiteAdapter, scopedbHere } from '../cli/scopedb.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const folder = temporaryFolder('scopedb')

/** Makes a file with a task under each prefix. */
async function fileOf(name: string, ...prefixes: string[]): Promise<string> {
  const path = join(folder, name)
  for (const keyPrefix of prefixes) {
    await using app = await SQLiteAdapter.open(path, { keyPrefix })
    await app.cache.set('session:1', keyPrefix)
    const id = `import-${keyPrefix}`
    await app.checkpoint.save({ id, taskId: id, sequence: 1, timestamp: 1, progress: 1, data: 1 })
  }
  return path
}

/** Runs a command that ends on a signal. */
async function interrupted(...args: string[]): Promise<Ended> {
  const before = process.listenerCount('SIGTERM')
  const ended = scopedbHere(...args)
  await vi.waitUntil(() => process.listenerCount('SIGTERM') > before, { timeout: 60_000 })
  process.emit('SIGTERM')
  return ended
}

describe('with --immutable a file that cannot be locked is read, and nothing is written beside it', () => {
  const READ = [
    ...['summary', 'locks', 'circuits', 'claims', 'results', 'tasks', 'cache', 'prefixes', 'task', 'watch', 'serve'],
    ...['verify', 'doctor', 'backup', 'export'],
  ]

  test.each(READ)('%s', async (name) => {
    const medium = join(folder, name)
    mkdirSync(medium)
    const path = join(medium, 'app.db')
    copyFileSync(await fileOf(`${name}.db`, ''), path)
    // As on a read-only medium, the index that readers share cannot be created.
    symlinkSync(join(folder, 'nowhere', 'index'), `${path}-shm`)
    const rest = name === 'task' ? ['import-'] : name === 'backup' ? [join(folder, `${name}.copy`)] : []
    const run = ['watch', 'serve'].includes(name) ? interrupted : scopedbHere
    expect(await scopedbHere(path, name, ...rest)).toMatchObject({
      code: 3,
      err: expect.stringContaining('--immutable'),
    })
    const before = readdirSync(medium)
    expect((await run(path, name, ...rest, '--immutable')).code).toBe(0)
    expect(readdirSync(medium)).toEqual(before)
  })

  test('no other command takes it, nor a server', async () => {
    const { out } = await scopedbHere('--help')
    const names = [...out.matchAll(/^ {2}(\w+) /gm)].map(([, name = '']) => name)
    const taking = []
    for (const name of names) if ((await scopedbHere(name, '--help')).out.includes('--immutable')) taking.push(name)
    expect(taking.toSorted()).toEqual(READ.toSorted())
    expect((await scopedbHere('postgres://user@127.0.0.1:1/app', 'locks', '--immutable')).code).toBe(2)
    expect(await scopedbHere(await fileOf('to-change.db', ''), 'serve', '--immutable', '--write')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--write'),
    })
  })
})

test('an empty file is not opened beside a WAL, which SQLite would remove with what is left of the data', async () => {
  const path = join(folder, 'cut-off.db')
  writeFileSync(path, '')
  writeFileSync(`${path}-wal`, 'what is left')
  for (const args of [['locks'], ['prune', '--yes'], ['migrate', '--yes'], ['export']]) {
    const { code, err } = await scopedbHere(path, ...args)
    expect([code, err]).toEqual([3, expect.stringMatching(/cut-off\.db-wal is not.*keep a copy/)])
  }
  expect(statSync(`${path}-wal`).size).toBe(12)
})

test('a folder of PGlite that is not there is not created', async () => {
  const path = join(folder, 'mistyped')
  expect(await scopedbHere(`pglite:${path}?schema=s`, 'locks')).toMatchObject({
    code: 2,
    err: expect.stringContaining(`there is no file ${path};`),
  })
  expect(existsSync(path)).toBe(false)
})

test('the prefix * is one prefix: its task is found, and lists and exports of it have nothing else', async () => {
  const path = await fileOf('asterisk.db', '', '*', 'shop:')
  expect(await scopedbHere(path, 'task', 'import-*')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^1 +1970/m),
  })
  // The ids of the others begin with this one.
  expect(await scopedbHere(path, 'task', 'import-')).toMatchObject({ code: 0, err: '' })
  const keys = ({ out }: Ended): unknown[] => [...out.matchAll(/"prefix":"(.*?)"/g)].map(([, prefix]) => prefix)
  expect(keys(await scopedbHere(path, 'cache', '--prefix', '*', '--jsonl'))).toEqual(['*'])
  expect(keys(await scopedbHere(path, 'export', '--prefix', '*'))).toEqual(['*', '*'])
  expect(keys(await scopedbHere(path, 'cache', '--jsonl')).toSorted()).toEqual(['', '*', 'shop:'])
  // As `inspect` takes it. An export of nothing must not be taken for one of all.
  const meant = expect.stringContaining('for all apps, leave it out')
  for (const name of ['cache', 'export']) expect((await scopedbHere(path, name, '--prefix', '*')).err).toEqual(meant)
  for (const name of ['cache', 'export']) expect((await scopedbHere(path, name)).err).not.toEqual(meant)
})
