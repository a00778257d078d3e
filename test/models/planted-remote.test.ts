import type { ManualClock } from '@go-go-scope/persistence-conformance'
import type { DatabaseSync } from '@photostructure/sqlite'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { ClientLocks } from '../../packages/shared/src/remote/owner/client-locks.js'
import { ClientScheduler } from '../../packages/shared/src/remote/owner/client-scheduler.js'
import { AnswerWriter } from '../../packages/shared/src/remote/wire/answer-writer.js'
import { WINDOW } from '../../packages/shared/src/remote/wire/protocol.js'
import { connectRemote, serve } from '../../packages/shared/src/remote.js'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { databaseSyncDriver } from '../core/database-sync-driver.js'
import { checkCredits } from '../proof/remote/check-credits.js'
import { checkGathering } from '../proof/remote/check-gathering.js'
import type { AnyAdapter, ServedWorld } from '../proof/remote/served-world.js'
import { checkHistories } from '../proof/remote-history/run-history.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

/** The core from source, so that its classes can be given bugs. */
const world: ServedWorld = {
  async open(path, clock) {
    const handle = await engine.openHandle(path)
    await engine.rows(handle, 'PRAGMA journal_mode = WAL')
    const driver = () => databaseSyncDriver(handle as InstanceType<typeof DatabaseSync>, () => undefined)
    const adapter = new SqliteAdapter(handle, driver as never, options(clock))
    await adapter.connect()
    return adapter as unknown as AnyAdapter
  },
  serve: (adapter) => serve(adapter),
  connect: (port, clock) => connectRemote(port, options(clock)) as unknown as Promise<AnyAdapter>,
}

function options(clock: ManualClock | undefined): object {
  return clock === undefined ? {} : { clock }
}

// Few histories without a bug, because test/remote-clients runs sixty.
const histories = (runs = 20) => checkHistories(world, runs)
const gathering = () => checkGathering(world)
const credits = () => checkCredits(world)
const CHECKS: Record<'histories' | 'gathering' | 'credits', (runs?: number) => Promise<unknown>> = {
  histories,
  gathering,
  credits,
}

const BUGS: readonly (readonly [bug: string, check: keyof typeof CHECKS, plant: () => void])[] = [
  [
    'what has come is not gathered for one turn',
    'gathering',
    () => {
      vi.spyOn(ClientScheduler.prototype, 'schedule').mockImplementation(function (this: ClientScheduler) {
        this.run()
      })
    },
  ],
  [
    'the locks of a client that has ended are not given back',
    'histories',
    () => void vi.spyOn(ClientLocks.prototype, 'releaseAll').mockImplementation(() => undefined),
  ],
  [
    'two answers of one turn are exchanged',
    'histories',
    () => {
      const { answer } = AnswerWriter.prototype
      const first = new WeakMap<AnswerWriter, { request: number; given: unknown }>()
      vi.spyOn(AnswerWriter.prototype, 'answer').mockImplementation(function (this: AnswerWriter, request, given) {
        const before = first.get(this)
        if (before === undefined) {
          first.set(this, { request, given })
          queueMicrotask(() => {
            if (first.delete(this)) answer.call(this, request, given)
          })
          return true
        }
        first.delete(this)
        answer.call(this, before.request, given)
        return answer.call(this, request, before.given as never)
      })
    },
  ],
  [
    'credits for calls are ignored',
    'credits',
    () => void Object.assign(WINDOW, { calls: Number.POSITIVE_INFINITY, units: Number.POSITIVE_INFINITY }),
  ],
  [
    'credits for rows are ignored',
    'credits',
    () => {
      const { answer } = AnswerWriter.prototype
      vi.spyOn(AnswerWriter.prototype, 'answer').mockImplementation(function (this: AnswerWriter, request, given) {
        this.stopWaiting()
        return answer.call(this, request, given)
      })
    },
  ],
]

describe('bugs that are planted in the code of owner and client', () => {
  const window = { ...WINDOW }
  beforeAll(() => fc.configureGlobal({ endOnFailure: true }))
  afterEach(() => {
    vi.restoreAllMocks()
    Object.assign(WINDOW, window)
  })
  afterAll(() => {
    fc.resetConfigureGlobal()
    reportProof({
      proof: 'bugs planted in what serves an adapter, for the tests to find (control)',
      file: 'test/models/planted-remote.test.ts',
      runs: `${BUGS.length} bugs`,
      result: `${BUGS.length} found`,
    })
  })

  test.each(BUGS)(
    '%s',
    async (_bug, check, plant) => {
      plant()
      // Ends with the first failure. The rarest occurs in one of sixty histories.
      await expect(CHECKS[check](1_000)).rejects.toThrow(/Property failed after|expected/)
    },
    600_000,
  )

  test('without a planted bug none is found', async () => {
    for (const check of Object.values(CHECKS)) await check()
  }, 600_000)
})
