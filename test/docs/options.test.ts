import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
