import assert from 'node:assert/strict'
import { held } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = 60_000

export const claimCrossings: EngineSuite = engineSuite('claims that are renewed and reported at once', (check) => {
  for (const fingerprint of [undefined, 'f']) {
    const title = fingerprint === undefined ? 'without a fingerprint' : 'with a fingerprint'
    check(`a renewal called after the report of a claim ${title} does not report it lost`, async (world) => {
      const adapter = await world.adapter()
      for (let round = 0; round < 6; round++) {
        const options = { lease: LEASE, onFailure: 'keep', ...(fingerprint !== undefined && { fingerprint }) } as const
        const claim = held(await adapter.idempotency.claim<unknown>(`k${round}`, options))
        const { signal } = claim
        const reports = [() => claim.complete(1), () => claim.fail(new Error('no')), () => claim.complete(() => 1)]
        const report = reports[round % 3]?.()
        const renewals = [claim.renew(), claim.renew()]
        if (round % 3 === 2) await refuses(async () => report, { code: 'RESULT_NOT_STORED' })
        else assert.deepEqual(await report, { recorded: true })
        assert.deepEqual(await Promise.all(renewals), [false, false])
        assert.equal(signal.aborted, false, `round ${round}`)
      }
    })
  }
})
