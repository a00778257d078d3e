import type { MessagePort } from 'node:worker_threads'
import { serve } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { answerTo, greeting } from '../proof/remote/raw-user.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

/** Words of a user; see protocol.ts. */
const [DECLARE, CALL, QUERY] = [2, 3, 5]
/** Word of the owner: an error for a request. */
const REFUSED = 10

test('a text without a statement that a user sends fails for that user, whatever the engine makes of it', async () => {
  const adapter = await engine.SQLiteAdapter.open(':memory:')
  const server = serve(adapter)
  const port = () => server.createPort() as unknown as MessagePort
  for (const sql of ['', ' ', '-- none', '/* none', ' ;\n/**/--\n;', '\ufeff', '\0SELECT 1']) {
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
