import { test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import { worldOfCell } from '../proof/remote/served-world.js'
import { checkHistories } from '../proof/remote-history/run-history.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

test('concurrent calls of three clients and the owner answer as if made in some sequential order', async () => {
  const runs = proofCount({ inTests: 60, inSoak: 2_000 })
  await checkHistories(worldOfCell, runs)
  reportProof({
    proof: 'history check of three clients of one owner against the reference',
    file: 'test/remote-clients/history.test.ts',
    runs: `${runs} histories`,
    result: '0 violations',
  })
}, 1_800_000)
