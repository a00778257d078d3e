// Tests waits that keep the process alive, each as its only one: the time-out of a scope ends it.
import { setImmediate } from 'node:timers/promises'
import { scope } from 'go-go-scope'

const never = () => new Promise(() => {})
/** @type {Record<string, (s: import('go-go-scope').Scope) => Promise<unknown>>} */
const waits = {
  task: async (s) => {
    const [error] = await s.task(never)
    throw error
  },
  'task of a child': async (s) => {
    const [error] = await s.createChild().task(never)
    throw error
  },
  lock: async (s) => {
    const lock = s.acquireLock()
    await lock.acquire()
    await lock.acquire()
  },
  'lock of a child': async (s) => {
    const lock = s.createChild().acquireLock({ allowMultipleReaders: true })
    await lock.read()
    await lock.write()
  },
  semaphore: async (s) => {
    const semaphore = s.semaphore(1)
    void semaphore.acquire(never)
    await semaphore.acquire(never)
  },
  'task after a lock that ended while its provider failed': async (s) => {
    const gate = { release: () => lock[Symbol.asyncDispose](), extend: async () => true, isValid: async () => true }
    const acquire = async (/** @type {string} */ key) => {
      if (key.startsWith('lock:read')) throw new Error('down')
      return gate
    }
    const provider = { acquire, extend: async () => true, forceRelease: async () => {} }
    const lock = s.acquireLock({ provider, key: 'k', allowMultipleReaders: true })
    await lock.write().catch(() => {})
    await setImmediate()
    const [error] = await s.task(never)
    throw error
  },
  delay: (s) => s.delay(Number.POSITIVE_INFINITY),
}
for (const [name, wait] of Object.entries(waits)) {
  const error = await wait(scope({ timeout: 200 })).catch((reason) => reason)
  console.log(`${name}: ${error instanceof Error ? error.message : error}`)
}
