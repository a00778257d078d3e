// Ends by itself at once: abandoned scopes, locks and breakers, and finished waits, do not keep the process alive.
import { CircuitBreaker, Lock, scope } from 'go-go-scope'

const handle = { release: async () => {}, extend: async () => true, isValid: async () => true }
const provider = { acquire: async () => handle, extend: async () => true, forceRelease: async () => {} }
scope({ timeout: 60_000 })
const s = scope({ timeout: 60_000 })
await s.task(() => 1, { timeout: 60_000 })
await new Lock({ provider, key: 'k', ttl: 60_000 }).acquire()
await new CircuitBreaker({ failureThreshold: 1 }).execute(() => Promise.reject(new Error('x'))).catch(() => {})
const child = s.createChild()
await child.task(() => 1)
const lock = child.acquireLock()
await lock.acquire()
await lock.acquire({ timeout: 1 }).catch(() => {})
const semaphore = child.semaphore(1)
await Promise.all([semaphore.acquire(() => s.delay(1)), semaphore.acquire(() => s.delay(1))])
console.log('end')
