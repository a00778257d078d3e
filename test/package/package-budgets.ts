import type { published } from './packed-family.js'

/** Bytes of a package's code, compressed as gzip does it. What an app loads of the family is one front end and the core. */
export const budgets: Record<keyof typeof published, number> = {
  shared: 180_000,
  'persistence-sqlite': 2_700,
  'persistence-sqlite-bun': 1_900,
  'persistence-sqlite-node': 2_900,
  'persistence-postgres': 30_000,
  persistence: 200,
  keyv: 2_200,
  unstorage: 1_100,
  'idempotency-key': 8_000,
  // With what it is made of: it is run by npx.
  cli: 60_000,
}
