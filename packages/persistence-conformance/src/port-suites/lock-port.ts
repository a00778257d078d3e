import assert from 'node:assert/strict'
import type { LockHandle, LockProvider } from '@go-go-scope/persistence-core/ports'
import { type PortSuite, portSuite } from '../suite.js'

const TTL = 1_000

async function taken(lock: LockProvider, key: string, owner?: string, ttl: number = TTL): Promise<LockHandle> {
  const handle = await lock.acquire(key, ttl, owner)
  assert.ok(handle !== null, `${key} should have been free`)
  return handle
}

export const lockPort: PortSuite = portSuite('lock', 'lock port', (check) => {
  check('a lock is held by one owner at a time', async ({ port }) => {
    const handle = await taken(port, 'job', 'a')
    assert.equal(await handle.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'b'), null)
    assert.equal(await port.acquire('job', TTL), null)
  })

  check('acquire without an owner generates a different one each time', async ({ port }) => {
    await taken(port, 'job')
    assert.equal(await port.acquire('job', TTL), null)
  })

  check('exactly one of many acquirers at once gets the lock', async ({ port }) => {
    const handles = await Promise.all(Array.from({ length: 20 }, () => port.acquire('job', TTL)))
    assert.equal(handles.filter((handle) => handle !== null).length, 1)
  })

  check('a lock is held for its whole ttl and no longer', async ({ port, clock }) => {
    const handle = await taken(port, 'job', 'a')
    clock.advance(TTL - 1)
    assert.equal(await handle.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'b'), null)
    clock.advance(2)
    assert.equal(await handle.isValid(), false)
    await taken(port, 'job', 'b')
  })

  check('locks of different keys are independent', async ({ port }) => {
    const one = await taken(port, 'one', 'a')
    await taken(port, 'two', 'b')
    await one.release()
    assert.equal(await port.acquire('two', TTL, 'c'), null)
  })

  check('release frees the lock at once', async ({ port }) => {
    const handle = await taken(port, 'job', 'a')
    await handle.release()
    assert.equal(await handle.isValid(), false)
    await taken(port, 'job', 'b')
  })

  check('a second release does not affect the next holder', async ({ port }) => {
    const first = await taken(port, 'job', 'a')
    await first.release()
    const second = await taken(port, 'job', 'b')
    await first.release()
    assert.equal(await second.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'c'), null)
  })

  check('a release after expiry does not free the next holder', async ({ port, clock }) => {
    const late = await taken(port, 'job', 'a')
    clock.advance(TTL + 1)
    const next = await taken(port, 'job', 'b')
    await late.release()
    assert.equal(await next.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'c'), null)
  })

  check('a late release does not free a later lock of the same owner', async ({ port, clock }) => {
    const late = await taken(port, 'job', 'a')
    clock.advance(TTL + 1)
    const next = await taken(port, 'job', 'a')
    await late.release()
    assert.equal(await next.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'b'), null)
  })

  check('the same owner may hold a lock twice, and its last release frees it', async ({ port }) => {
    const outer = await taken(port, 'job', 'a')
    const inner = await taken(port, 'job', 'a')
    await inner.release()
    assert.equal(await inner.isValid(), false)
    assert.equal(await outer.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'b'), null)
    await outer.release()
    await taken(port, 'job', 'b')
  })

  check('releasing one hold twice does not count for the other', async ({ port }) => {
    const outer = await taken(port, 'job', 'a')
    const inner = await taken(port, 'job', 'a')
    await inner.release()
    await inner.release()
    assert.equal(await outer.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'b'), null)
  })

  check('a second hold lasts for its own whole ttl', async ({ port, clock }) => {
    await taken(port, 'job', 'a')
    clock.advance(TTL - 100)
    const inner = await taken(port, 'job', 'a')
    clock.advance(TTL - 1)
    assert.equal(await inner.isValid(), true)
    assert.equal(await port.acquire('job', TTL, 'b'), null)
  })

  check('extend by handle and by provider sets the expiry to now + ttl', async ({ port, clock }) => {
    const handle = await taken(port, 'job', 'a')
    clock.advance(TTL - 100)
    assert.equal(await handle.extend(TTL), true)
    clock.advance(TTL - 100)
    assert.equal(await port.extend('job', TTL, 'a'), true)
    clock.advance(TTL - 1)
    assert.equal(await handle.isValid(), true)
    clock.advance(2)
    assert.equal(await handle.isValid(), false)
  })

  check('extend may shorten the lease', async ({ port, clock }) => {
    const handle = await taken(port, 'job', 'a')
    assert.equal(await handle.extend(10), true)
    clock.advance(11)
    assert.equal(await handle.isValid(), false)
    await taken(port, 'job', 'b')
  })

  check('extend is false for another owner and changes nothing', async ({ port, clock }) => {
    await taken(port, 'job', 'a')
    assert.equal(await port.extend('job', 10 * TTL, 'b'), false)
    clock.advance(TTL + 1)
    await taken(port, 'job', 'c')
  })

  check('extend is false when the lock is free', async ({ port }) => {
    assert.equal(await port.extend('job', TTL, 'a'), false)
    const handle = await taken(port, 'job', 'a')
    await handle.release()
    assert.equal(await handle.extend(TTL), false)
    assert.equal(await port.extend('job', TTL, 'a'), false)
    await taken(port, 'job', 'b')
  })

  check('extend does not revive an expired lock', async ({ port, clock }) => {
    const handle = await taken(port, 'job', 'a')
    clock.advance(TTL + 1)
    assert.equal(await handle.extend(TTL), false)
    assert.equal(await port.extend('job', TTL, 'a'), false)
    assert.equal(await handle.isValid(), false)
    await taken(port, 'job', 'b')
  })

  check('forceRelease ends the hold of any owner', async ({ port }) => {
    const handle = await taken(port, 'job', 'a')
    await port.forceRelease('job')
    assert.equal(await handle.isValid(), false)
    assert.equal(await handle.extend(TTL), false)
    const next = await taken(port, 'job', 'b')
    await handle.release()
    assert.equal(await next.isValid(), true)
  })

  check('forceRelease drops all holds of an owner', async ({ port }) => {
    await taken(port, 'job', 'a')
    await taken(port, 'job', 'a')
    await port.forceRelease('job')
    await taken(port, 'job', 'b')
  })

  check('forceRelease of a free lock is no error', async ({ port }) => {
    await port.forceRelease('job')
    await taken(port, 'job', 'a')
  })
})
