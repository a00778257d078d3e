import type { MessagePort } from 'node:worker_threads'
import { serve } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { answersTo, answerTo, callsWithoutRow, greeting } from '../proof/remote/raw-client.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

/** Operations of a client; see protocol.ts. */
const [DECLARE, CALL, QUERY] = [2, 3, 5]
/** The operation of the owner that answers one request with an error. */
const REFUSED = 10

test('a client that sends a text without a statement gets an error, whatever the engine makes of it', async () => {
  const adapter = await engine.SQLiteAdapter.open(':memory:')
  const server = serve(adapter)
  const port = () => server.createPort() as unknown as MessagePort
  for (const sql of [
    '',
    ' ',
    '-- none',
    '/* none',
    ' ;\n/**/--\n;',
    '\ufeff',
    '\0SELECT 1',
    '-- a\0\nSELECT ?1',
    '/*\0*/SELECT ?1',
  ]) {
    for (const asked of [
      [QUERY, 'raw', sql, 1, 'a'],
      [DECLARE, 0, 'raw', 'read', 'one', 'none', sql, 0, null, null, CALL, 0, 1, 1, 'a'],
    ]) {
      const said = await answerTo(port(), await greeting(port()), asked)
      expect([sql, ...said.slice(0, 2)]).toEqual([sql, REFUSED, 1])
    }
  }
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  const said = await answerTo(port(), await greeting(port()), [
    QUERY,
    'raw',
    '/* one */ -- two\n ; SELECT ?1 AS v',
    1,
    'a',
  ])
  expect(said).toContain('a')
  await server.close()
  await adapter.disconnect()
})

test('bytes that a client declares to be the number of a call are refused, whatever the engine makes of them', async () => {
  const adapter = await engine.SQLiteAdapter.open(':memory:')
  const server = serve(adapter)
  const port = () => server.createPort() as unknown as MessagePort
  const one = [DECLARE, 0, 'raw', 'read', 'one', 'none', 'SELECT ?1 AS v', 0, null]
  // A Buffer used as a property name becomes its text, here "length".
  const many = ["SELECT x'6c656e677468' AS i FROM json_each(?1)", 0, 'index', '', 0, null, null, null, null]
  const calls = [CALL, 0, 1, 40, ...new Array(40).fill('a')]
  const complete = (items: unknown[]) => !(callsWithoutRow(items) < 40)
  const said = await answersTo(port(), complete, await greeting(port()), [...one, ...many, ...calls])
  expect(callsWithoutRow(said)).toBe(40)
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  await server.close()
  await adapter.disconnect()
})
