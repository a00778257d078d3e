import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { systemClock } from '@go-go-scope/persistence-core/public'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Ended, endOf, inFile, SQLiteAdapter, scopedbHere } from '../cli/scopedb.js'

/** The output of each command, one file per command, for review. A deleted file is written again. */
const GOLDEN = join(import.meta.dirname, 'golden')
const NOW = Date.UTC(2026, 0, 31, 12)
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
// An owner id in the usual form but of an unknown host, so whether its process is alive is unknown.
const OWNER = 'web-1:4711:0badcafe-1'
/** Stands still: leases end by it too, and the ms that a call takes on a machine would show. */
const clock = { ...systemClock, now: () => NOW - 2 * MINUTE, monotonic: () => 0 }
let folder: string

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW - 2 * MINUTE })
  folder = mkdtempSync(join(tmpdir(), 'golden-'))
  await fill('app.db')
  await fill('wide.db', async (adapter) => {
    await adapter.cache.set('価格:りんご', { price: 120n, note: 'x'.repeat(80) })
    await adapter.cache.set('a\u001b[31mb', new Map([[1, new Set([2])]]))
    await adapter.lock.acquire('夜間バッチ', HOUR, '当番\u202e')
  })
  vi.setSystemTime(NOW)
  await scopedbHere('backup', join(folder, 'app.db'), join(folder, 'kept.db'))
  writeFileSync(join(folder, 'app.jsonl'), (await scopedbHere(join(folder, 'app.db'), 'export')).out)
  await fill('mended.db')
  await fill('broken.db')
  await inFile(join(folder, 'broken.db'), "UPDATE go_goscope_cache SET value = '{' WHERE key LIKE '%session%'")
  // What an observer sees of a file after the command copy.
  await fill('moved.db')
  const moved = "'postgres://db.example.com/app (schema go_goscope)'"
  await inFile(
    join(folder, 'moved.db'),
    `CREATE TABLE go_goscope_moved (id, store); INSERT INTO go_goscope_moved VALUES (1, ${moved})`,
  )
  await fill('newer.db')
  await inFile(join(folder, 'newer.db'), "UPDATE go_goscope_meta SET value = 9999 WHERE key = 'schema_version'")
  const asPublished = 'key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER'
  await inFile(join(folder, 'older.db'), `CREATE TABLE go_goscope_cache (${asPublished})`)
})
afterAll(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

type Adapter = InstanceType<typeof SQLiteAdapter>

async function fill(name: string, more?: (adapter: Adapter) => Promise<void>): Promise<void> {
  const path = join(folder, name)
  const adapter = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:', clock })
  const { cache, circuitBreaker, idempotency, checkpoint, lock } = adapter
  await cache.set('session:42', { user: 'ada', since: new Date(0) }, 15 * MINUTE)
  await cache.set('rates', { EUR: 1.1 })
  for (let call = 0; call < 3; call++) await circuitBreaker.recordFailure('payments', 3)
  await circuitBreaker.recordSuccess('mail')
  await idempotency.set('charge:1', { receipt: 'R-1' }, DAY)
  const failed = await idempotency.claim('charge:2', { lease: HOUR, onFailure: 'keep', ttl: DAY })
  if (failed.state === 'claimed') await failed.fail(new RangeError('the card was declined'))
  await idempotency.claim('charge:3', { lease: HOUR })
  for (const sequence of [1, 2, 3]) {
    const timestamp = NOW - (4 - sequence) * 10_000
    const estimate = sequence === 3 ? { estimatedTimeRemaining: 8_000 } : {}
    const data = { done: 100 * sequence, file: 'sales.csv' }
    const id = `import-sales:${sequence}`
    await checkpoint.save({
      id,
      taskId: 'import-sales',
      sequence,
      timestamp,
      progress: 25 * sequence,
      data,
      ...estimate,
    })
  }
  await lock.acquire('nightly', HOUR, 'the operator')
  await lock.acquire('report', HOUR, OWNER)
  await lock.acquire('over', MINUTE, OWNER)
  await more?.(adapter)
  await adapter.disconnect()
  // The name of a claimant is of this process, so the test sets it. The database has its own clock, in seconds.
  const created = (NOW - 2 * MINUTE) / 1_000
  await inFile(
    path,
    `UPDATE go_goscope_claims SET owner = '${OWNER}'; UPDATE go_goscope_cache SET created_at = ${created}`,
  )
}

/** Command lines by the command in whose file they are; file names are relative to the folder. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  'no command': ['', '--help', 'app.db', 'app.db lokcs', 'lokcs app.db', 'lokcs', 'app.db cache --values=no', 'app.db cache --limt 3', 'none.db', 'none.db locks', 'moved.db locks', 'app.jsonl', 'newer.db'],
  summary: ['summary app.db', 'summary app.db --json', 'wide.db', 'broken.db'],
  locks: lists('locks', 'app.db locks --expired', 'wide.db locks'),
  circuits: lists('circuits'),
  claims: lists('claims'),
  results: lists('results', 'app.db results --values'),
  tasks: lists('tasks', 'app.db tasks --values'),
  cache: lists('cache', 'app.db cache --prefix shop: --starts-with sess', 'wide.db cache --values', 'broken.db cache --values', 'broken.db cache --values --jsonl'),
  prefixes: lists('prefixes'),
  task: ['app.db task import-sales', 'app.db task import-sales --json', 'app.db task import-sales --diff 1:3', 'app.db task none'],
  verify: ['app.db verify', 'app.db verify --json', 'broken.db verify', 'broken.db verify --json'],
  doctor: ['app.db doctor', 'app.db doctor --json'],
  backup: ['app.db backup new.db', 'app.db backup new.db', 'app.db backup second.db --json', 'app.db backup no-folder/new.db', 'none.db backup other.db'],
  restore: ['restore kept.db restored.db', 'restore kept.db restored.db --yes', 'restore kept.db restored2.db --yes --json', 'restore none.db restored.db --yes', 'restore kept.db no-folder/restored.db --yes', 'restore app.db restored.db --yes'],
  lock: ['mended.db lock release nightly --token 1', 'mended.db lock release nightly --token 9 --yes --prefix shop:', 'mended.db lock release nightly --token 1 --yes --prefix shop:', 'mended.db lock free nightly --token 1 --yes'],
  claim: ['mended.db claim free charge:3 --generation 2', 'mended.db claim free charge:3 --generation 9 --yes --prefix shop:', 'mended.db claim free charge:3 --generation 2 --yes --prefix shop:'],
  result: ['mended.db result delete charge:1', 'mended.db result delete charge:1 --yes --prefix shop:', 'mended.db result delete charge:1 --yes --prefix shop:'],
  circuit: ['mended.db circuit reset payments', 'mended.db circuit reset payments --yes --prefix shop:', 'mended.db circuit isolate mail --yes --prefix shop:', 'mended.db circuit reset none --yes'],
  entry: ['mended.db entry delete rates', 'mended.db entry delete rates --yes --prefix shop:', 'mended.db entry delete rates --yes --prefix shop:'],
  clear: ['mended.db clear --prefix shop: --starts-with session:', 'mended.db clear --prefix shop: --starts-with session: --yes'],
  prune: ['mended.db prune', 'mended.db prune --yes'],
  migrate: ['older.db cache', 'older.db migrate --dry-run', 'older.db migrate --dry-run --json', 'older.db migrate', 'older.db migrate --yes', 'older.db migrate --yes', 'app.jsonl migrate --yes', 'none.db migrate --yes', 'older.db migrate --into no-folder/new.db'],
  export: ['app.db export', 'app.db export new.jsonl', 'app.db export new.jsonl', 'app.db export no-folder/new.jsonl'],
  import: ['imported.db import app.jsonl', 'imported.db import app.jsonl --yes', 'imported.db import app.jsonl --yes', 'imported.db import app.jsonl --yes --conflicts skip --json', 'imported.db import app.db --yes', 'imported.db import none.jsonl --yes', 'no-folder/imported.db import app.jsonl --yes'],
  schema: ['schema locks', 'schema locks --jsonl', 'schema watch'],
  completions: ['completions bash', 'completions zsh', 'completions fish', 'completions powershell', 'completions tcsh'],
  // Their output is the summary or a page; how they run is tested elsewhere.
  watch: [],
  serve: ['app.db serve --host 0.0.0.0', 'app.db serve --port 65536'],
} // biome-ignore format: the command lines are easier to read in one line each

function lists(name: string, ...more: readonly string[]): readonly string[] {
  return [`app.db ${name}`, `app.db ${name} --json`, `app.db ${name} --jsonl`, ...more]
}

test.each(Object.entries(LINES))('what scopedb prints: %s', async (name, lines) => {
  const help = name === 'no command' ? [] : [`${name} --help`]
  let text = ''
  for (const line of [...help, ...lines]) text += shown(line, await scopedbHere(...wordsOf(line)))
  await expect(text).toMatchFileSnapshot(fileOf(name))
})

test('in a terminal there are colours, and the columns stay aligned', async () => {
  const tty = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
  Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true })
  vi.stubEnv('FORCE_COLOR', '1')
  vi.stubEnv('NO_COLOR', undefined)
  const { run } = await import('../../packages/cli/dist/index.js?in-a-terminal' as string)
  let text = ''
  try {
    for (const line of ['app.db', 'wide.db locks', 'app.db circuits', 'app.db tasks', 'broken.db cache --values', 'broken.db verify', 'cache --help']) {
      const coloured = await endOf(run, wordsOf(line))
      expect(stripVTControlCharacters(coloured.out)).toBe((await scopedbHere(...wordsOf(line))).out)
      text += shown(line, coloured)
    } // biome-ignore format: a line of command lines
  } finally {
    vi.unstubAllEnvs()
    if (tty === undefined) Reflect.deleteProperty(process.stdout, 'isTTY')
    else Object.defineProperty(process.stdout, 'isTTY', tty)
  }
  await expect(text.replaceAll('\u001b', '␛')).toMatchFileSnapshot(fileOf('in a terminal'))
})

test('in a terminal without colours there are none', async () => {
  const before = Object.getOwnPropertyDescriptors(process.stdout)
  const without = { isTTY: { value: true, configurable: true }, hasColors: { value: () => false, configurable: true } }
  Object.defineProperties(process.stdout, without)
  vi.stubEnv('NO_COLOR', undefined)
  const { run } = await import('../../packages/cli/dist/index.js?without-colours' as string)
  try {
    expect((await endOf(run, wordsOf('app.db circuits'))).out).not.toContain('\u001b')
  } finally {
    vi.unstubAllEnvs()
    for (const name of ['isTTY', 'hasColors'] as const) {
      if (before[name] === undefined) Reflect.deleteProperty(process.stdout, name)
      else Object.defineProperty(process.stdout, name, before[name])
    }
  }
})

test.each([
  ['1', '', [], true],
  ['1', '1', [], true],
  ['1', '', ['--no-color'], false],
  ['0', '', [], false],
  ['', '', [], false],
])('without a terminal, FORCE_COLOR=%s, NO_COLOR=%s and %j: colours %s', async (force, no, option, colours) => {
  vi.stubEnv('FORCE_COLOR', force)
  vi.stubEnv('NO_COLOR', no)
  process.argv.push(...option)
  try {
    const { run } = await import(/* @vite-ignore */ `../../packages/cli/dist/index.js?${force}${no}${option}` as string)
    expect((await endOf(run, wordsOf('app.db circuits'))).out.includes('\u001b')).toBe(colours)
    expect((await endOf(run, wordsOf('app.db circuits --json'))).out).not.toContain('\u001b')
  } finally {
    process.argv.splice(process.argv.length - option.length)
    vi.unstubAllEnvs()
  }
})

test('a table that is wider than the terminal has a line for each cell', async () => {
  vi.stubEnv('COLUMNS', '60')
  let text = ''
  try {
    for (const line of ['app.db', 'wide.db locks', 'broken.db cache', 'app.db prefixes'])
      text += shown(line, await scopedbHere(...wordsOf(line)))
  } finally {
    vi.unstubAllEnvs()
  }
  await expect(text).toMatchFileSnapshot(fileOf('in a narrow terminal'))
})

test('every command has a golden file, and there is no other', async () => {
  const commands = [...(await scopedbHere('--help')).out.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name = '']) => name)
  expect(Object.keys(LINES).sort()).toEqual(['no command', ...commands].sort())
  expect(readdirSync(GOLDEN).sort()).toEqual([...Object.keys(LINES), 'in a terminal', 'in a narrow terminal'].map((name) => `${name.replaceAll(' ', '-')}.txt`).sort())
}) // biome-ignore format: two lines are easier to read

const fileOf = (name: string): string => join(GOLDEN, `${name.replaceAll(' ', '-')}.txt`)

function wordsOf(line: string): string[] {
  return line.split(' ').filter((word) => word !== '').map((word) => (/\.(db|jsonl)$/.test(word) ? join(folder, word) : word))
} // biome-ignore format: one line is easier to read

/** Returns the command and its output as in a terminal in that folder, without values of one machine, build or moment. */
function shown(line: string, { code, out, err }: Ended): string {
  const marked = err === '' ? '' : err.trimEnd().split('\n').map((text) => `! ${text}\n`).join('')
  const text = `$ scopedb ${line}\n${out}${marked}${code === 0 ? '' : `exit code ${code}\n`}\n`
  return text
    .replaceAll(`${folder}/`, '')
    .replaceAll(hostname(), 'HOST')
    .replaceAll(/@photostructure\/sqlite|(?:bun|node):sqlite/g, 'ENGINE')
    .replaceAll(/cannot be decoded \(.*?\); delete/g, 'cannot be decoded (REASON); delete')
    .replaceAll(/Bun (?=\d)/g, 'Node ')
    .replaceAll(/(Node |SQLite |"sqliteVersion": "|SQLite: )\d+\.\d+\.\d+/g, '$1N.N.N')
    .replaceAll(/[0-9a-f]{64}/g, 'SHA-256')
    .replaceAll(/("lineage": )"[0-9a-f-]{36}"|("(?:tokens|generations)Above": )\d+/g, '$1$2NEW')
    .replaceAll(/("milliseconds": )[\d.]+|( in )\d+ m?s(?=, read again)/g, '$1$2TIME')
} // biome-ignore format: one line is easier to read
