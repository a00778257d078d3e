import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'

const documented = readFileSync(join(root, 'docs/options.md'), 'utf8')

test.each([
  ['packages/shared/src/ports/providers.ts', 'PersistenceAdapterOptions'],
  ['packages/shared/src/adapter/adapter-options.ts', 'AdapterOptions'],
  ['packages/shared/src/dialects/sqlite/front-end/open-options.ts', 'OpenOptions'],
  ['packages/persistence-sqlite-node/src/adapter.ts', 'DatabaseSyncOpenOptions'],
  ['packages/persistence-postgres/src/options.ts', 'PlaceOptions'],
  ['packages/persistence-postgres/src/options.ts', 'PostgresOpenOptions'],
  ['packages/shared/src/remote.ts', 'RemoteOptions'],
])('every option of %s, %s, is documented', (file, name) => {
  const source = readFileSync(join(root, file), 'utf8')
  const [, members = ''] = new RegExp(`export interface ${name} (?:extends [^{]+)?\\{([^]*?)\\n\\}`).exec(source) ?? []
  const options = [...members.matchAll(/^ {2}(\w+)\?:/gm)].map(([, option = '']) => option)
  expect(options.length).toBeGreaterThan(0)
  expect(options.filter((option) => !documented.includes(`| \`${option}\` |`))).toEqual([])
})
