import { checkIdempotency, fillIdempotency } from './check-idempotency.mjs'
import { keyAt, manyEntries, TTL, valueAt } from './sample.mjs'

export const trial = {
  title: 'idempotency set, with a TTL',
  writes: true,
  fill: fillIdempotency,
  check: checkIdempotency,
  one:
    ({ idempotency }) =>
    (index) =>
      idempotency.set(keyAt(index), valueAt(index), TTL),
  many:
    ({ idempotency }) =>
    (index, count) =>
      idempotency.setBatch(manyEntries(index, count), TTL),
}
