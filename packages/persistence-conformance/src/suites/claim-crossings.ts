import assert from 'node:assert/strict'
import { held } from '../held.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = 60_000

export const claimCrossings: EngineSuite = engineSuite('claims that are renewed and reported at once', (check) => {
  for (const fingerprint of [undefined, 'f']) {
    const title = fingerprint === undefined ? 'without a fingerprint' : 'with a fingerprint'
    check(`a renewal behind the report of a claim ${title} does not call it lost`, async (world) => {
      const adapter = await world.adapter()
      for (let round = 0; round < 5; round++) {
        const options = { lease: LEASE, onFailure: 'keep', ...(fingerprint !== undefined && { fingerprint }) } as const
        const claim = held(await adapter.idempotency.claim(`k${round}`, options))
        const { signal } = claim
        const report = round % 2 === 0 ? claim.complete(1) : claim.fail(new Error('no'))
        const renewals = [claim.renew(), claim.renew()]
        assert.deepEqual(await report, { recorded: true })
        assert.deepEqual(await Promise.all(renewals), [false, false])
        assert.equal(signal.aborted, false, `round ${round}`)
      }
    })
  }
})
