// Ends by itself at once: a scope, a lock and a breaker that are left behind do not keep the process alive.
import { CircuitBreaker, Lock, scope } from 'go-go-scope'

const handle = { release: async () => {}, extend: async () => true, isValid: async () => true }
const provider = { acquire: async () => handle, extend: async () => true, forceRelease: async () => {} }
scope({ timeout: 60_000 })
const s = scope({ timeout: 60_000 })
await s.task(() => 1, { timeout: 60_000 })
await new Lock({ provider, key: 'k', ttl: 60_000 }).acquire()
await new CircuitBreaker({ failureThreshold: 1 }).execute(() => Promise.reject(new Error('x'))).catch(() => {})
console.log('end')
