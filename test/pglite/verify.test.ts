import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { instance } from '../postgres/engines/pglite.mjs'

proveCell()

let adapter: PostgresAdapter

beforeEach(async () => {
  const options = { schema: 'verified', closeOnDisconnect: false, durability: 'process', keyPrefix: 'a:' } as const
  adapter = new PostgresAdapter(instance, options)
  const { lock, idempotency, circuitBreaker, checkpoint, cache } = adapter
  await new PostgresAdapter(instance, { ...options, keyPrefix: 'a:b:' }).connect()
  await lock.acquire('held', 60_000)
  await (await lock.acquire('released', 60_000))?.release()
  for (const key of ['completed', 'running']) {
    const claim = await idempotency.claim(key, { lease: 60_000, fingerprint: key })
    if (claim.state === 'claimed' && key === 'completed') await claim.complete(1)
  }
  await circuitBreaker.recordFailure('open', 1)
  await circuitBreaker.isolate('isolated')
  for (let sequence = 1; sequence <= 2; sequence++)
    await checkpoint.save({ id: `c${sequence}`, taskId: 't', sequence, timestamp: 1, progress: 50, data: 1 })
  await cache.set('k', 1)
})
afterEach(() => instance.exec('DROP SCHEMA verified CASCADE'))

test('verify finds nothing in a sound schema', async () => {
  expect(await adapter.verify()).toEqual({ items: 2 + 1 + 1 + 2 + 2 + 1, faults: [], complete: true })
})

const DAMAGES: readonly (readonly [name: string, sql: string, part: string, key: string, problem: RegExp])[] = [
  [
    'a sequence of tokens that was set back',
    "SELECT setval('verified.lock_token', 1)",
    'locks',
    'released',
    /token is beyond the counter/,
  ],
  [
    'a lock that is held and given back',
    "UPDATE verified.locks SET holds = 0 WHERE key LIKE '%held'",
    'locks',
    'held',
    /at the same time/,
  ],
  [
    'a sequence of generations that was set back',
    "SELECT setval('verified.claim_generation', 1)",
    'claims',
    'running',
    /generation is beyond the counter/,
  ],
  [
    'a claim without a time',
    "UPDATE verified.idempotency SET granted_at = NULL WHERE key LIKE '%running'",
    'claims',
    'running',
    /lacks its owner/,
  ],
  [
    'a claim whose lease ends before it begins',
    "UPDATE verified.idempotency SET claimed_until = 5 WHERE key LIKE '%running'",
    'claims',
    'running',
    /ends before/,
  ],
  [
    'a claim beside its result',
    "UPDATE verified.idempotency SET value = '1' WHERE key LIKE '%running'",
    'claims',
    'running',
    /has a result/,
  ],
  [
    'orphan probes',
    `UPDATE verified.circuit SET probes = '[["p", 1, 1]]' WHERE key LIKE '%open'`,
    'circuits',
    'open',
    /probes under way/,
  ],
  [
    'successes of no trial',
    "UPDATE verified.circuit SET successes = 1 WHERE key LIKE '%open'",
    'circuits',
    'open',
    /of no trial/,
  ],
  [
    'an isolated circuit that is closed',
    "UPDATE verified.circuit SET state = 'closed' WHERE key LIKE '%isolated'",
    'circuits',
    'isolated',
    /isolated and not open/,
  ],
  [
    'a checkpoint that cannot be decoded, and is not the newest',
    "UPDATE verified.checkpoints SET data = '{' WHERE sequence = 1",
    'tasks',
    'c1',
    /cannot be decoded/,
  ],
  ['an entry that cannot be decoded', "UPDATE verified.cache SET value = '{'", 'cache', 'k', /cannot be decoded/],
  [
    'prefixes whose names meet',
    "UPDATE verified.prefixes SET idempotency = 'plain'",
    'prefixes',
    'a:b:',
    /begins with another prefix/,
  ],
  [
    'two prefixes with tasks as published',
    "UPDATE verified.prefixes SET checkpoints = 'plain'",
    'prefixes',
    'a:b:',
    /not the only prefix/,
  ],
]

test.each(DAMAGES)('finds %s', async (_, sql, part, key, problem) => {
  await instance.exec(sql)
  const { faults } = await adapter.verify()
  expect(faults).toContainEqual(expect.objectContaining({ part, key, problem: expect.stringMatching(problem) }))
  expect(faults.length).toBeLessThanOrEqual(2)
})
