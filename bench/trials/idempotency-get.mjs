import { checkIdempotency, fillIdempotency } from './check-idempotency.mjs'
import { keyAt, manyKeys } from './sample.mjs'

export const trial = {
  title: 'idempotency get',
  fill: fillIdempotency,
  check: checkIdempotency,
  one:
    ({ idempotency }) =>
    (index) =>
      idempotency.get(keyAt(index)),
  many:
    ({ idempotency }) =>
    (index, count) =>
      idempotency.getBatch(manyKeys(index, count)),
}
