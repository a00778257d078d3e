import assert from 'node:assert/strict'
import { checkEach } from './check.mjs'
import { KEYS, TTL, VALUES } from './sample.mjs'

/** Stores every sample value as a result. */
export async function fillIdempotency({ idempotency }) {
  if (idempotency.setBatch) {
    await idempotency.setBatch(
      KEYS.map((key, at) => [key, VALUES[at]]),
      TTL,
    )
  } else await Promise.all(KEYS.map((key, at) => idempotency.set(key, VALUES[at], TTL)))
}

/** Checks that every result is stored, with its expiry. */
export async function checkIdempotency({ idempotency }) {
  const read = idempotency.getBatch
    ? async (index) => (await idempotency.getBatch([KEYS[index]]))[0]
    : (index) => idempotency.get(KEYS[index])
  const [first] = [await read(0)]
  assert.ok(first.expiresAt > Date.now())
  await checkEach(
    async (index) => (await read(index)).value,
    (index) => VALUES[index],
  )
}
