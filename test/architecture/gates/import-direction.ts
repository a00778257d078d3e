import { posix } from 'node:path'
import type { Gate } from './gate.js'
import { importsOf } from './source-text.js'

const core = '@go-go-scope/persistence-core'

/** What each package may import besides its own files and the builtins of both runtimes. */
const allowed: Record<string, readonly string[]> = {
  shared: ['devalue'],
  'persistence-sqlite': [core, `${core}/engine`, `${core}/public`, `${core}/remote`, 'sqlite3'],
  'persistence-sqlite-bun': [core, `${core}/engine`, `${core}/public`, `${core}/remote`, 'bun:sqlite'],
  'persistence-sqlite-node': [
    core,
    `${core}/engine`,
    `${core}/public`,
    `${core}/remote`,
    'node:sqlite',
    '@photostructure/sqlite',
  ],
  'persistence-postgres': [core, `${core}/dialect`, `${core}/public`, '@electric-sql/pglite', 'pg', 'postgres'],
  // The front ends of both runtimes; only one of them is loaded.
  persistence: [
    `${core}/public`,
    `${core}/remote`,
    '@go-go-scope/persistence-sqlite-bun',
    '@go-go-scope/persistence-sqlite-node',
  ],
  // Integrations know of adapters only what users know, and import no other library.
  keyv: [`${core}/integration`],
  unstorage: [`${core}/integration`],
  'persistence-otel': [`${core}/integration`, '@opentelemetry/api'],
  'idempotency-key': [`${core}/integration`],
  // The folder page has the parts of the page's text.
  inspector: [`${core}/integration`, `${core}/public`, 'inspector:page'],
  // The program opens databases as an app does. It shares the suggestions for mistyped words, and how a copy gets its name.
  cli: [
    core,
    `${core}/integration`,
    `${core}/public`,
    '@go-go-scope/persistence-inspector',
    '@go-go-scope/persistence-inspector/actions',
    '@go-go-scope/persistence-inspector/format',
    '@go-go-scope/persistence-inspector/node',
    '@go-go-scope/persistence-inspector/paced',
    '@go-go-scope/persistence-sqlite-node',
    '@go-go-scope/persistence-sqlite-bun',
    '@go-go-scope/persistence-postgres',
    'node:sqlite',
    'bun:sqlite',
    '@photostructure/sqlite',
    'log-update',
    'string-width',
  ],
  'go-go-scope': [`${core}/ports`, 'lru-cache'],
  'persistence-conformance': [core, `${core}/ports`, `${core}/remote`, 'fast-check'],
}

const engines = ['node:sqlite', 'bun:sqlite']

/** Front end → core, host → the port types of the core, conformance → core; never the other way. */
export const importDirection: Gate = {
  rule: 'imports point one way',
  covers: (path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path),
  violations: (files) =>
    files.flatMap(({ path, text }) => {
      const name = path.split('/')[1] ?? ''
      const may = allowed[name]
      if (may === undefined) return [`${path}: the package ${name} has no line in the import rule`]
      return importsOf(text)
        .filter((specifier) => !isAllowed(specifier, path, may))
        .map((specifier) => `${path} imports ${specifier}`)
    }),
}

function isAllowed(specifier: string, path: string, may: readonly string[]): boolean {
  if (may.includes(specifier)) return true
  if (specifier.startsWith('node:') || specifier === 'worker_threads') return !engines.includes(specifier)
  const source = path.split('/').slice(0, 3).join('/')
  return specifier.startsWith('.') && posix.join(posix.dirname(path), specifier).startsWith(`${source}/`)
}
