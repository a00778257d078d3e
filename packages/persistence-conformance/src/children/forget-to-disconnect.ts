import { say } from '../process/take-orders.js'
import { engineArgument } from './engine-argument.js'

const [, , , path = ''] = process.argv
const engine = await engineArgument()
const adapter = await engine.SQLiteAdapter.open(path, { sweepInterval: 1_000 })
await adapter.cache.set('k', 1)
const handle = await adapter.lock.acquire('job', 60_000)
if (handle?.signal.aborted !== false) throw new Error('the lock should have been free')
const shared = await engine.SQLiteAdapter.open(path, { locks: 'database' })
for (const { lock } of [adapter, shared]) {
  const renewed = await lock.hold('renewed', { ttl: 60_000, renew: true })
  if (renewed?.signal.aborted !== false) throw new Error('the lock should have been free')
}
say('written')
