// @ts-nocheck: the arguments are broken on purpose
// Causes every kind of background failure. Prints the errors that reached the process.
import { CircuitBreaker, createProgressContext, Lock, Semaphore, scope } from 'go-go-scope'

const reached = []
process.on('unhandledRejection', (reason) => reached.push(`unhandledRejection ${reason}`))
process.on('uncaughtException', (error) => reached.push(`uncaughtException ${error}`))

const rejects = (text) => () => Promise.reject(new Error(text))
const throws = (text) => () => {
  throw new Error(text)
}
const broken = new Proxy(
  {},
  {
    get(_, method) {
      // A port must not look like a promise.
      if (method === 'then') return undefined
      return method === 'subscribe' ? throws('subscribe') : rejects(`${String(method)}`)
    },
  },
)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const hooks = Object.fromEntries(
  ['beforeTask', 'onCancel', 'onDispose', 'onError']
    .map((name) => [name, throws(name)])
    .concat(['afterTask', 'beforeDispose', 'afterDispose'].map((name) => [name, rejects(name)])),
)
const logger = { debug() {}, info() {}, warn() {}, error: throws('logger') }

// Failing hooks, stores and disposers, and unread results.
const s = scope({
  hooks,
  logger,
  persistence: { circuitBreaker: broken, idempotency: broken, checkpoint: broken, lock: broken },
  circuitBreaker: { failureThreshold: 1, onStateChange: rejects('onStateChange'), onOpen: throws('onOpen') },
  concurrency: 2,
})
s.provide('service', 1, { dispose: rejects('service') })
s.onDispose(rejects('disposer'))
s.onBeforeTask(rejects('late beforeTask'))
void s.task(rejects('task'))
void s.task(rejects('retried'), { retry: { delay: 1, onRetry: rejects('onRetry'), if: throws('if') } })
void s.task(() => 1, { idempotency: { key: 'k' }, onCleanup: rejects('onCleanup') })
void s.task(() => 1, { checkpoint: {} })
void s.task(rejects('late'), { timeout: 1 })
void s.task(() => pause(20).then(rejects('after its time-out')), { timeout: 5 })
s.acquireLock({ key: 'k' })
  .acquire()
  .catch(() => {})

// The onError hook and the logger reject after they have returned.
const told = scope({
  hooks: { onError: rejects('late onError') },
  logger: { ...logger, error: rejects('late logger') },
})
told.onBeforeTask(throws('beforeTask'))
await told.task(() => 1)

// A delay that is not awaited.
const delaying = scope()
void delaying.delay(1000)
await delaying[Symbol.asyncDispose]()

// A checkpoint store whose save and removal fail; the function does not await the save.
const empty = {
  ...broken,
  loadLatest: async () => undefined,
  save: rejects('save'),
  deleteAll: rejects('deleteAll'),
  cleanup: rejects('cleanup'),
}
const c = scope({ persistence: { checkpoint: empty } })
void c.task(
  async ({ checkpoint, progress }) => {
    void checkpoint.save(1)
    checkpoint.auto(rejects('snapshot'))
    progress.onUpdate(rejects('onUpdate'))
    progress.update(5)
    await pause(30)
  },
  { checkpoint: { interval: 5, onCheckpoint: rejects('onCheckpoint'), onResume: rejects('onResume') } },
)

// A lease whose renewal fails until it is lost, and a release that fails at dispose.
const handle = { extend: rejects('extend'), release: rejects('release'), isValid: async () => true }
const locks = { acquire: async () => handle, extend: rejects('extend'), forceRelease: rejects('force') }
const l = scope({ persistence: { lock: locks } })
const guard = await l.acquireLock({ key: 'k', ttl: 20 }).acquire()
await pause(60)
if (!guard.signal.aborted) reached.push('the lost lease was not noticed')

// Listeners, and waiters on disposed objects.
const breaker = new CircuitBreaker({ failureThreshold: 1 })
breaker.on('failure', rejects('listener'))
await breaker.execute(rejects('call')).catch(() => {})
createProgressContext().onUpdate(rejects('onUpdate'))
const semaphore = new Semaphore(1)
void semaphore.acquire(() => new Promise(() => {}))
semaphore.acquire(() => 1).catch(() => {})
await semaphore[Symbol.asyncDispose]()
const lock = new Lock()
await lock.acquire()
lock.acquire().catch(() => {})
await lock[Symbol.asyncDispose]()

await s[Symbol.asyncDispose]()
await l[Symbol.asyncDispose]()
await c[Symbol.asyncDispose]()
await pause(50)
console.log(JSON.stringify(reached))
