import { instrument } from '@go-go-scope/persistence-otel'
import { DiagLogLevel, diag, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_BATCH_SIZE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  METRIC_DB_CLIENT_OPERATION_DURATION,
} from '@opentelemetry/semantic-conventions'
import {
  ATTR_DB_CLIENT_CONNECTION_POOL_NAME,
  METRIC_DB_CLIENT_CONNECTION_PENDING_REQUESTS,
} from '@opentelemetry/semantic-conventions/incubating'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdapterUnderTest, type Place, takePlace } from '../cell.js'
import { type Points, Telemetry } from './telemetry.js'

let place: Place
let adapter: AdapterUnderTest
beforeAll(async () => {
  place = await takePlace()
  adapter = await place.open({ locks: 'database', keyPrefix: 'otel:' })
})
afterAll(() => place?.[Symbol.asyncDispose]())

/** Returns the sum of the points with these attributes, or of all points. */
function sum(points: Points | undefined, wanted: Record<string, unknown> = {}): number {
  return (points ?? [])
    .filter(([attributes]) => Object.entries(wanted).every(([name, value]) => attributes[name] === value))
    .reduce((total, [, value]) => total + value, 0)
}

test('each call is a span below that of its caller, also where callers share a statement', async () => {
  const { system, namespace } = await described()
  await using telemetry = new Telemetry()
  const callers = await Promise.all(
    Array.from({ length: 40 }, (_, at) => telemetry.below(`caller ${at}`, () => adapter.cache.get(`k${at}`))),
  )
  expect(telemetry.spans).toHaveLength(40)
  for (const [at, span] of telemetry.spans.entries()) {
    expect(span.kind).toBe(SpanKind.CLIENT)
    expect(span.name).toBe(`cache.get ${namespace}`)
    expect(span.attributes).toMatchObject({
      [ATTR_DB_SYSTEM_NAME]: system,
      [ATTR_DB_NAMESPACE]: namespace,
      [ATTR_DB_OPERATION_NAME]: 'cache.get',
    })
    expect(span.status.code, `span ${at}`).toBe(SpanStatusCode.UNSET)
  }
  const parents = telemetry.spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)
  expect(parents.toSorted()).toEqual(callers.map(({ span }) => span.spanContext().spanId).toSorted())
  const sizes = telemetry.spans.map(({ attributes }) => attributes[ATTR_DB_OPERATION_BATCH_SIZE])
  expect(sizes.filter((size) => Number(size) >= 2).length).toBeGreaterThanOrEqual(20)
})

/** Returns the attributes that the conventions require for the database of the test. */
async function described(): Promise<{ system: string; namespace: string }> {
  const stats: { file?: string; location?: string } = await adapter.stats()
  return stats.file === undefined
    ? { system: 'postgresql', namespace: (stats.location ?? '').split('/').slice(-2).join('|') }
    : { system: 'sqlite', namespace: 'app.db' }
}

test('metrics equal the calls', async () => {
  await using telemetry = new Telemetry({ adapters: [adapter], spans: false })
  const { cache, circuitBreaker, idempotency, lock } = adapter
  for (let call = 0; call < 5; call++) await cache.set(`m${call}`, call)
  await cache.getMany(['m0', 'm1', 'absent'])
  await cache.get('absent')
  const held = await lock.hold('m', { wait: 1_000 })
  expect(await lock.acquire('m')).toBeNull()
  await circuitBreaker.recordFailure('m', 1)
  const claim = await idempotency.claim('m', { lease: 60_000 })
  await idempotency.claim('m', { lease: 60_000 })
  if (claim.state === 'claimed') await claim.complete(1)
  await expect(idempotency.claim('m', { lease: 60_000, fingerprint: 'x' })).resolves.toMatchObject({
    state: 'completed',
  })

  const metrics = await telemetry.collect()
  await held?.release()
  const duration = metrics.get(METRIC_DB_CLIENT_OPERATION_DURATION)
  expect(sum(duration, { [ATTR_DB_OPERATION_NAME]: 'cache.set' })).toBe(5)
  expect(sum(duration, { [ATTR_DB_OPERATION_NAME]: 'cache.getMany' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.calls.active'))).toBe(0)
  expect(sum(metrics.get('go_go_scope.cache.requests'), { result: 'hit' })).toBe(2)
  expect(sum(metrics.get('go_go_scope.cache.requests'), { result: 'miss' })).toBe(2)
  expect(sum(metrics.get('go_go_scope.lock.acquisitions'), { outcome: 'granted', kind: 'database' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.lock.acquisitions'), { outcome: 'refused', kind: 'database' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.lock.wait.duration'), { outcome: 'granted' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.lock.held'))).toBe(1)
  // Before the first loss, so that an alert on an increase sees it.
  expect(metrics.get('go_go_scope.lock.lost')?.map(([, value]) => value)).toEqual([0])
  expect(sum(metrics.get('go_go_scope.circuit.transitions'), { to: 'open' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.circuits'), { state: 'open' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.circuits'), { state: 'closed' })).toBe(0)
  expect(sum(metrics.get('go_go_scope.claim.outcomes'), { outcome: 'claimed' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.claim.outcomes'), { outcome: 'running' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.claim.outcomes'), { outcome: 'replayed' })).toBe(1)
  expect(sum(metrics.get('go_go_scope.rows'), { store: 'cache' })).toBe(5)
  expect(metrics.get(METRIC_DB_CLIENT_CONNECTION_PENDING_REQUESTS)?.[0]?.[0]).toHaveProperty([
    ATTR_DB_CLIENT_CONNECTION_POOL_NAME,
  ])
})

test('adapters of one database, and of databases with the same name, are added up', async () => {
  await using elsewhere = await takePlace()
  const [one, other] = [await place.open({ keyPrefix: 'one:' }), await place.open({ keyPrefix: 'other:' })]
  const far = await elsewhere.open({ keyPrefix: 'one:' })
  for (const [key, each] of [one, other, far].entries()) {
    await each.cache.set('k', key)
    await each.circuitBreaker.recordFailure('payments', 1)
    await each.lock.acquire('l', 60_000)
  }
  // Without anything of its own, and the last one.
  const none = await place.open({ keyPrefix: 'none:' })
  await using telemetry = new Telemetry({ adapters: [one, other, far, one, none] })
  const metrics = await telemetry.collect()
  expect(sum(metrics.get('go_go_scope.circuits'), { state: 'open' })).toBe(3)
  expect(sum(metrics.get('go_go_scope.rows'), { store: 'cache' })).toBe(3)
  expect(sum(metrics.get('go_go_scope.lock.held'))).toBe(3)
  const rows = (await one.stats()).circuits + (await far.stats()).circuits
  expect(sum(metrics.get('go_go_scope.rows'), { store: 'circuits' })).toBe(rows)
})

test('exported data contains no key and no value', async () => {
  await using telemetry = new Telemetry({ adapters: [adapter] })
  const { cache, checkpoint, circuitBreaker, idempotency, lock } = adapter
  const secret = { value: 'sesame' }
  const checkpointOf = (id: string) => ({ id, taskId: 'sesame', sequence: 1, timestamp: 1, progress: 0, data: secret })
  await cache.set('sesame', secret, 60_000)
  await Promise.all(Array.from({ length: 30 }, () => cache.get('sesame')))
  await cache.getMany(['sesame', 'sesame 2'])
  await cache.getOrSet('sesame 3', async () => secret)
  await checkpoint.save(checkpointOf('sesame'))
  await expect(checkpoint.save({ ...checkpointOf('sesame'), taskId: 'sesame 2' })).resolves.toBeUndefined()
  await circuitBreaker.recordFailure('sesame', 1)
  await idempotency.set('sesame', secret)
  const claim = await idempotency.claim('sesame claim', { lease: 60_000, fingerprint: 'sesame' })
  await expect(idempotency.claim('sesame claim', { lease: 60_000, fingerprint: 'open' })).rejects.toThrow(/sesame/)
  if (claim.state === 'claimed') await claim.complete(secret)
  const held = await lock.hold('sesame', { owner: 'sesame' })
  // The error message contains the key; the span must not.
  await expect(adapter.fenced({ ...held, key: 'sesame' } as never, [])).rejects.toThrow()
  await held?.release()
  await failedCall()

  const text = await telemetry.text()
  expect(text).toContain('cache.getMany')
  expect(text).not.toContain('sesame')
})

/** Makes a call whose error names its key, as the error for an unreadable row does. */
async function failedCall(): Promise<void> {
  const other = await place.open({
    keyPrefix: 'otel:',
    codec: { encode: () => 'no JSON of ours', decode: refuseToDecode },
  })
  await other.idempotency.set('sesame unreadable', 1)
  await expect(other.idempotency.get('sesame unreadable')).rejects.toThrow(/sesame/)
}

function refuseToDecode(): never {
  throw new Error('sesame')
}

test('a failed call has the code of its error, as a span and in the metrics', async () => {
  await using telemetry = new Telemetry()
  await failedCall()
  const failed = telemetry.spans.filter(({ status }) => status.code === SpanStatusCode.ERROR)
  expect(failed).toHaveLength(1)
  expect(failed[0]?.attributes[ATTR_ERROR_TYPE]).toBe('VALUE_UNREADABLE')
  const duration = (await telemetry.collect()).get(METRIC_DB_CLIENT_OPERATION_DURATION)
  expect(sum(duration, { [ATTR_ERROR_TYPE]: 'VALUE_UNREADABLE' })).toBe(1)
})

test('collecting metrics creates no spans, and a stopped instrument creates nothing', async () => {
  await using telemetry = new Telemetry({ adapters: [adapter] })
  await telemetry.collect()
  expect(telemetry.spans).toEqual([])
  await adapter.cache.get('k')
  expect(telemetry.spans).toHaveLength(1)
  telemetry.stop()
  telemetry.stop()
  await adapter.cache.get('k')
  expect(telemetry.spans).toHaveLength(1)
})

test('a call in flight when the instrument is stopped ends its span, and no longer counts as in flight', async () => {
  await using telemetry = new Telemetry()
  const out = Promise.all([adapter.cache.get('k'), adapter.cache.set('k', 1)])
  telemetry.stop()
  expect(telemetry.spans.map(({ name }) => name.split(' ')[0])).toEqual(['cache.get', 'cache.set'])
  await out
  expect(sum((await telemetry.collect()).get('go_go_scope.calls.active'))).toBe(0)
})

test('a provider that throws breaks no call, and is reported to OpenTelemetry', async () => {
  const told: unknown[] = []
  const tell = (...args: unknown[]): void => void told.push(args)
  diag.setLogger({ error: tell, warn: tell, info: tell, debug: tell, verbose: tell }, DiagLogLevel.ERROR)
  const broken = { ...trace, getTracer: () => ({ startSpan: () => broke(), startActiveSpan: () => broke() }) }
  using _instrumentation = instrument({ tracerProvider: broken as never, metrics: false })
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  diag.disable()
  expect(told).toHaveLength(2)
})

function broke(): never {
  throw new Error('a broken tracer')
}

test.each([
  [{ adapter: 1 }, /no option "adapter"; did you mean adapters/],
  [{ adapters: [{}] }, /in adapters the whole of an adapter, got an object without stats\(\)/],
  [{ adapters: [Promise.resolve()] }, /in adapters the whole of an adapter, got a promise that was not awaited/],
  [{ adapters: {} }, /adapters must be an array or another iterable, got object/],
  [{ spans: 'false' }, /option spans must be true or false, got "false"/],
  [{ metrics: 0 }, /option metrics must be true or false, got 0/],
  [{ tracerProvider: 'otlp' }, /option tracerProvider must be a TracerProvider, got "otlp"/],
  [{ meterProvider: null }, /option meterProvider must be a MeterProvider, got null/],
])('refuses %j', (options, problem) => {
  expect(() => instrument(options as never)).toThrow(problem)
})
