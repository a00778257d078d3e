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

test('every handle of a lock that a client has acquired several times is released, one by one or when it has gone', () => {
  const hold: { key: string; token: number; expiresAt: number; listener?: unknown } = {
    key: 'k',
    token: 7,
    expiresAt: 1,
  }
  const manager = { clock: { monotonic: () => 0 }, acquire: () => hold, release: vi.fn(() => true) }
  const locks = new ClientLocks({ of: () => manager } as never, () => undefined)
  const acquire = () =>
    locks.run({ op: clientOp.acquire, number: 1, prefix: '', key: 'k', ttl: 1, owner: 'me' } as never)
  const release = () => locks.run({ op: clientOp.release, number: 2, token: 7 } as never)
  acquire()
  expect([release(), release(), locks.size, hold.listener]).toEqual([1, 0, 0, undefined])
  for (let times = 0; times < 3; times++) acquire()
  expect([release(), locks.size, hold.listener]).toEqual([1, 1, locks])
  locks.releaseAll()
  expect([manager.release.mock.calls.length, locks.size, hold.listener]).toEqual([4, 0, undefined])
})
