import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, expect, test } from 'vitest'
import { inFile, SQLiteAdapter, scopedbHere as scopedb } from '../cli/scopedb.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const HOUR = 3_600_000
const folder = temporaryFolder('scopedb-schemas')
const path = join(folder, 'app.db')

beforeAll(async () => {
  await using adapter = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:' })
  const { lock, circuitBreaker, idempotency, cache, checkpoint } = adapter
  await lock.acquire('made up', HOUR)
  await lock.acquire('for ever', Number.POSITIVE_INFINITY, 'ada')
  for (const key of ['payments', 'payments', 'mail']) await circuitBreaker.recordFailure(key, 2)
  await circuitBreaker.recordSuccess('fine')
  await circuitBreaker.isolate('mail')
  await circuitBreaker.admit('payments', { resetTimeout: 1 })
  await idempotency.claim('under way', { lease: HOUR })
  await idempotency.set('set', { at: new Date(0), big: 2n }, HOUR)
  const done = await idempotency.claim('done', { lease: HOUR, fingerprint: 'print' })
  if (done.state === 'claimed') await done.complete([1])
  const failed = await idempotency.claim('failed', { lease: HOUR, onFailure: 'keep' })
  if (failed.state === 'claimed') await failed.fail(new RangeError('kept'))
  const unstored = await idempotency.claim('unstored', { lease: HOUR })
  if (unstored.state === 'claimed') await unstored.complete(() => undefined).catch(() => undefined)
  await cache.set('for ever', new Map([[1, new Set([2])]]))
  await cache.set('ends', null, HOUR)
  await cache.set('broken', 1)
  for (const [sequence, more] of [[1, { estimatedTimeRemaining: 5.5 }], [2, {}]] as const) {
    const saved = { id: `c${sequence}`, taskId: `t${sequence}`, sequence, progress: 12.5, timestamp: 1, data: { sequence } }
    await checkpoint.save({ ...saved, ...more })
  }
  await adapter.disconnect()
  await scopedb('backup', path, join(folder, 'kept.db'))
  copyFileSync(path, join(folder, 'taken.db'))
  writeFileSync(join(folder, 'app.jsonl'), (await scopedb(path, 'export')).out)
  await inFile(path, "UPDATE go_goscope_cache SET value = x'ff' WHERE key LIKE '%broken'")
  const asPublished = 'key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER'
  await inFile(join(folder, 'older.db'), `CREATE TABLE go_goscope_cache (${asPublished})`)
}) // biome-ignore format: the checkpoints are easier to compare in one line

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; items?: Schema; anyOf?: Schema[] }

/** Makes a schema refuse unknown fields: a release that adds a field must add it to its schema. */
function closed(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, of]) => [name, closed(of)])
  return {
    ...schema,
    ...(schema.properties && { properties: Object.fromEntries(properties), additionalProperties: false }),
    ...(schema.items && { items: closed(schema.items) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(closed) }),
  }
}

/** Returns a function that lists how a value differs from the schema of a command; an empty list if it does not. */
async function problemsBy(command: string, ...options: string[]): Promise<(value: unknown) => string> {
  const { code, out } = await scopedb('schema', command, ...options)
  expect(code).toBe(0)
  const published = JSON.parse(out) as Schema
  expect(published.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false })
  const valid = ajv.compile(closed(published))
  return (value) => (valid(value) ? '' : ajv.errorsText(valid.errors))
}

/** Every command with `--json`; file names are relative to the folder. */
const WHOLE: readonly (readonly [command: string, words: string, code?: number])[] = [
  ['summary', 'app.db'],
  ['locks', 'app.db --expired'],
  ['circuits', 'app.db'],
  ['claims', 'app.db --expired'],
  ['results', 'app.db --expired --values'],
  ['tasks', 'app.db --values'],
  ['cache', 'app.db --expired --values'],
  ['prefixes', 'app.db'],
  ['task', 'app.db t1'],
  ['verify', 'app.db', 1],
  ['doctor', 'app.db'],
  ['backup', 'app.db copy.db'],
  ['restore', 'kept.db new.db --yes'],
  ['restore', 'kept.db taken.db --yes'],
  ['migrate', 'app.db --dry-run'],
  ['migrate', 'older.db --dry-run'],
  ['import', 'imported.db app.jsonl --yes'],
]

const inFolder = (words: string): string[] =>
  words.split(' ').map((word) => (/\.(db|jsonl)$/.test(word) ? join(folder, word) : word))

test.each<[string, string, number?]>(WHOLE.map(([...row]) => row))(
  'what %s %s writes with --json is what its schema says, and nothing besides',
  async (command, words, code = 0) => {
    const ended = await scopedb(command, ...inFolder(words), '--json')
    expect(ended.code, ended.err).toBe(code)
    const value: unknown = JSON.parse(ended.out)
    const problems = await problemsBy(command)
    expect(problems(value)).toBe('')
    expect(problems(withMore(value))).toContain('additional properties')
    expect(problems(Array.isArray(value) ? [{}] : {})).toContain('required')
  },
)

test('every command that writes JSON has a schema', async () => {
  const help = (await scopedb('--help')).out
  const names = [...help.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name = '']) => name)
  const writing: string[] = []
  for (const name of names) if (/ --json /.test((await scopedb(name, '--help')).out)) writing.push(name)
  expect(names.length).toBeGreaterThan(20)
  expect(new Set([...writing, 'schema'])).toEqual(new Set([...WHOLE.map(([command]) => command), 'schema']))
})

test.each(['locks', 'circuits', 'claims', 'results', 'tasks', 'cache', 'prefixes', 'export'])(
  'each line of %s conforms to its schema',
  async (command) => {
    const format = command === 'export' ? [] : ['--jsonl']
    const lines = (await scopedb(command, path, ...format)).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.length).toBeGreaterThan(0)
    const problems = await problemsBy(command, ...format)
    for (const line of lines) {
      expect(problems(line)).toBe('')
      expect(problems(withMore(line))).toContain('additional properties')
    }
  },
)

test('there are no other schemas, and schemas of lines only for commands that write lines', async () => {
  expect(await scopedb('schema', 'watch')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there are those of'),
  })
  expect(await scopedb('schema', 'summary', '--jsonl')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no lines'),
  })
})

/** Adds a field that the schema does not name. */
function withMore(value: unknown): unknown {
  const [first] = Array.isArray(value) ? value : [value]
  const more = { ...(first as object), unheardOf: 1 }
  return Array.isArray(value) ? [more] : more
}
