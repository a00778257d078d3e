import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolvedOpen } from '../../packages/persistence-postgres/src/options.js'
import { resolveOptions } from '../../packages/shared/src/adapter/adapter-options.js'
import { backupOptions } from '../../packages/shared/src/dialects/sqlite/copies/backup-options.js'
import { scheduleOptions } from '../../packages/shared/src/dialects/sqlite/copies/schedule-options.js'
import { resolveOpenOptions } from '../../packages/shared/src/dialects/sqlite/front-end/open-options.js'
import { resolveFollowOptions } from '../../packages/shared/src/dialects/sqlite/standby/follow-options.js'
import { DEFAULT_CONNECT_TIMEOUT_MS } from '../../packages/shared/src/remote/client/connect-remote.js'
import { runRequest } from '../../packages/shared/src/stores/circuit-breaker/circuit-options.js'
import { root } from '../../scripts/workspace.mjs'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const SHARED = 'packages/shared/src'

test.each([
  [`${SHARED}/ports/providers.ts`, 'PersistenceAdapterOptions'],
  [`${SHARED}/adapter/adapter-options.ts`, 'AdapterOptions'],
  [`${SHARED}/dialects/sqlite/front-end/open-options.ts`, 'OpenOptions'],
  ['packages/persistence-sqlite-node/src/adapter.ts', 'DatabaseSyncOpenOptions'],
  ['packages/persistence-postgres/src/options.ts', 'PlaceOptions'],
  ['packages/persistence-postgres/src/options.ts', 'PostgresOpenOptions'],
  [`${SHARED}/remote.ts`, 'RemoteOptions'],
  [`${SHARED}/stores/cache/cache-provider.ts`, 'GetOrSetOptions'],
  [`${SHARED}/stores/cache/cache-provider.ts`, 'EntriesOptions'],
  [`${SHARED}/stores/lock/sql-lock-provider.ts`, 'HoldOptions'],
  [`${SHARED}/ports/claims.ts`, 'ClaimOptions'],
  [`${SHARED}/ports/probes.ts`, 'AdmitOptions'],
  [`${SHARED}/stores/circuit-breaker/circuit-provider.ts`, 'CircuitRunOptions'],
  [`${SHARED}/inspect/inspection.ts`, 'PageOptions'],
  [`${SHARED}/inspect/inspection.ts`, 'ListOptions'],
  [`${SHARED}/inspect/inspection.ts`, 'ValueListOptions'],
  [`${SHARED}/dialects/sqlite/changesets/changesets.ts`, 'ApplyOptions'],
  [`${SHARED}/dialects/sqlite/copies/backup-options.ts`, 'BackupOptions'],
  [`${SHARED}/dialects/sqlite/copies/schedule-options.ts`, 'BackupScheduleOptions'],
  [`${SHARED}/dialects/sqlite/standby/follow-options.ts`, 'FollowOptions'],
  ['packages/idempotency-key/src/options.ts', 'IdempotencyKeyOptions', 'packages/idempotency-key/README.md'],
  ['packages/persistence-otel/src/instrument.ts', 'InstrumentOptions', 'packages/persistence-otel/README.md'],
  ['packages/inspector/src/options.ts', 'InspectorOptions', 'packages/inspector/README.md'],
])('every option of %s, %s, is documented', (file, name, document = 'docs/options.md') => {
  const source = read(file)
  const [, members = ''] = new RegExp(`export interface ${name}\\b[^{]*\\{([^]*?)\\n\\}`).exec(source) ?? []
  const options = [...members.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, option = '']) => option)
  expect(options.length).toBeGreaterThan(0)
  const documented = read(document)
  expect(options.filter((option) => !documented.includes(`| \`${option}\` |`))).toEqual([])
})

/** Returns the value of a default such as `30,000`, `16 MiB` or `'power'`; `undefined` for one that is described in words. */
function literalOf(text: string): unknown {
  const [, digits, mebi] = /^([\d,]+)( MiB)?$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits.replaceAll(',', '')) * (mebi === undefined ? 1 : 1024 ** 2)
  const [, code] = /^`([^`]+)`$/.exec(text) ?? []
  if (code === undefined) return undefined
  if (code === 'true' || code === 'false') return code === 'true'
  return /^'.*'$/.test(code) ? code.slice(1, -1) : Number(code)
}

test.each<[section: string, defaults: object, literal: number]>([
  ['## Every adapter', resolveOptions({}), 8],
  ['## `open`', resolveOpenOptions({}), 7],
  ['## `connectRemote`', { connectTimeout: DEFAULT_CONNECT_TIMEOUT_MS }, 1],
  ['## PostgreSQL', resolvedOpen({}, 'power'), 2],
  ['### Circuit breaker', runRequest({}), 4],
  ['### Backups', backupOptions({}), 1],
  ['### Standby', resolveFollowOptions({ target: ':memory:' }), 1],
])('the defaults of the section %s are those of the code', (section, defaults, literal) => {
  const [, after = ''] = read('docs/options.md').split(`\n${section}\n`)
  const [rows = ''] = after.split(/\n##/)
  const documented = [...rows.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].flatMap(([, name = '', text = '']) => {
    const value = literalOf(text)
    return value === undefined || Number.isNaN(value) ? [] : [[name, value] as const]
  })
  expect(documented).toHaveLength(literal)
  expect(defaults).toMatchObject(Object.fromEntries(documented))
})

test('a schedule keeps as many backups as documented', () => {
  const { keep } = scheduleOptions({ directory: '.', every: 1 })
  expect(read('docs/options.md')).toContain(`| \`keep\` | \`{ last: ${keep.last} }\` |`)
})
