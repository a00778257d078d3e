import type { published } from './packed-family.js'

/** The limit of a package's gzipped code in bytes. An app loads one front end and the core. */
export const budgets: Record<keyof typeof published, number> = {
  shared: 171_600,
  'persistence-sqlite': 1_950,
  'persistence-sqlite-bun': 1_300,
  'persistence-sqlite-node': 1_900,
  'persistence-postgres': 49_000,
  persistence: 200,
  keyv: 1_250,
  unstorage: 1_100,
  'persistence-otel': 3_600,
  'idempotency-key': 7_220,
  // A third of it is the page.
  inspector: 19_240,
  // Includes its bundled dependencies, because it is run by npx.
  cli: 43_000,
  // Test code, which no app loads.
  'persistence-conformance': 172_500,
}
