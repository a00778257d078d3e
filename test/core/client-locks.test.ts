import { expect, test, vi } from 'vitest'
import { ClientLocks } from '../../packages/shared/src/remote/owner/client-locks.js'
import { clientOp } from '../../packages/shared/src/remote/wire/protocol.js'

test('a lock that is granted to a client that has left meanwhile is released', async () => {
  const hold = { key: 'k', token: 7, expiresAt: 1_000 }
  let grant: (given: typeof hold) => void = () => undefined
  const manager = {
    clock: { monotonic: () => 0 },
    acquire: () => new Promise((resolve) => (grant = resolve)),
    release: vi.fn(() => true),
  }
  const locks = new ClientLocks({ of: () => manager } as never, () => undefined)
  const answered = locks.run({ op: clientOp.acquire, number: 1, prefix: '', key: 'k', ttl: 1_000 } as never)
  locks.releaseAll()
  grant(hold)
  await answered
  expect(manager.release).toHaveBeenCalledExactlyOnceWith(hold)
  expect(locks.size).toBe(0)
})
