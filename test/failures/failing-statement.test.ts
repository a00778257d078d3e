import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cell } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { FAULTS, type Fault, FaultPlan } from '../proof/failing-statement/fault-plan.js'
import { type Failing, openFailing } from '../proof/failing-statement/open-failing.js'
import { OPERATIONS, type Operation, prepareContent } from '../proof/failing-statement/operations.js'
import { Tables } from '../proof/failing-statement/tables.js'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const MOST_STATEMENTS = 50
/** One engine of each kind (synchronous, asynchronous) runs in full: how a call handles a failed statement is our own code. */
const IN_FULL = ['sqlite3', 'node:sqlite'].includes(cell.engine)

type Outcome = { value: unknown } | { code: unknown }

async function outcome(work: Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await work }
  } catch (error) {
    const { _tag, code } = error as { _tag?: unknown; code?: unknown }
    return { code: _tag === 'PersistenceError' ? code : error }
  }
}

describe('the k-th statement of a call fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'failing-statement-'))
  const plan = new FaultPlan()
  const random = seededRandom(printedSeed('failing statements'))
  const first = Math.floor(random() * OPERATIONS.length)
  let failing: Failing
  let tables: Tables
  let runs = 0
  let faults = 0

  beforeAll(async () => {
    failing = await openFailing(join(folder, 'app.db'), plan)
    tables = new Tables(failing.driver)
    await prepareContent(failing.adapter)
    await tables.keep()
  })
  afterAll(async () => {
    await failing.adapter.disconnect()
    rmSync(folder, { recursive: true, force: true })
    reportProof({
      proof: 'the k-th statement of every public call fails',
      file: 'test/failures/failing-statement.test.ts',
      runs: `${OPERATIONS.length} calls x ${FAULTS.length} faults, ${faults} fired`,
      result: 'success or a typed error, and the state before or after; no transaction left open',
    })
  })

  /** Makes the call on restored tables, with or without a fault. */
  async function make({ before, call }: Operation, fault?: Fault, at = 0) {
    await tables.restore()
    const subject = await before?.(failing.adapter, ++runs)
    const stateBefore = await tables.dump()
    if (fault !== undefined) plan.arm(fault, at)
    const result = await outcome(call(failing.adapter, subject as never))
    const fired = plan.disarm()
    return { result, fired, stateBefore, stateAfter: await tables.dump() }
  }

  /** Replaces the names of locks, which differ between runs, so that states can be compared. */
  const withoutRun = (state: string) => state.replaceAll(/job-\d+/g, 'job')

  async function holds(
    operation: Operation,
    expected: Awaited<ReturnType<typeof make>>,
    fault: Fault,
    at: number,
  ): Promise<boolean> {
    const { result, fired, stateBefore, stateAfter } = await make(operation, fault, at)
    const context = `${operation.name}, ${fault.name} at statement ${at}`
    const succeeded =
      'value' in result && (fault.code === undefined || JSON.stringify(result) === JSON.stringify(expected.result))
    if (!fired || succeeded) {
      expect(result, context).toEqual(expected.result)
      expect(withoutRun(stateAfter), context).toBe(withoutRun(expected.stateAfter))
    } else {
      const refused = 'whenRefused' in operation ? { value: operation.whenRefused } : { code: fault.code }
      expect(result, context).toEqual(refused)
      // A refused call may have done all of its work, but never a part of it.
      expect([withoutRun(stateBefore), withoutRun(expected.stateAfter)], context).toContain(withoutRun(stateAfter))
    }
    await tables.checkNoTransaction()
    await failing.adapter.cache.set('usable', at)
    expect(await failing.adapter.cache.get('usable'), context).toBe(at)
    await failing.adapter.cache.delete('usable')
    return fired
  }

  for (const [number, fault] of FAULTS.entries()) {
    test(`${fault.name}: typed error or success, and the state before or after, for every call`, async () => {
      // In a soak every call meets every fault. In a test each call meets some faults, different ones in each run.
      const stride = proofCount({ inTests: IN_FULL ? 2 : 8, inSoak: 1 })
      for (const operation of OPERATIONS.filter((_, at) => (at + number + first) % stride === 0)) {
        const expected = await make(operation)
        let at = 1
        while (await holds(operation, expected, fault, at)) at++
        expect(at, `${operation.name} runs statements`).toBeGreaterThan(1)
        expect(at).toBeLessThan(MOST_STATEMENTS)
        faults += at - 1
      }
    }, 600_000)

    test(`${fault.name}: of concurrent calls exactly the acknowledged ones are stored`, async () => {
      for (let at = 1; at < MOST_STATEMENTS; at++) {
        await tables.restore()
        plan.arm(fault, at)
        const keys = Array.from({ length: 12 }, (_, number) => `wave-${number}`)
        const calls = keys.map((key, number) =>
          number % 3 === 2 ? failing.adapter.idempotency.set(key, 1) : failing.adapter.cache.set(key, 1),
        )
        const outcomes = await Promise.all(calls.map(outcome))
        const fired = plan.disarm()
        await tables.checkNoTransaction()
        const there = await Promise.all(
          keys.map(async (key, number) =>
            number % 3 === 2 ? (await failing.adapter.idempotency.get(key)) !== null : failing.adapter.cache.has(key),
          ),
        )
        expect(there, `statement ${at}`).toEqual(outcomes.map((one) => 'value' in one))
        const codes = outcomes.flatMap((one) => ('code' in one ? [one.code] : []))
        expect(codes.every((code) => code === fault.code)).toBe(true)
        if (!fired) return expect(at).toBeGreaterThan(1)
      }
      expect.unreachable('a wave ends')
    }, 60_000)

    test(`${fault.name}: opening is refused with a type or succeeds, and can be tried again`, async () => {
      // Every statement in a soak; in a test some of them, different ones in each run.
      const stride = proofCount({ inTests: IN_FULL ? 20 : 40, inSoak: 1 })
      for (let at = 1 + Math.floor(random() * stride); ; at += stride) {
        const path = join(folder, `${fault.name}-${at}.db`)
        plan.arm(fault, at)
        const opened = await openFailing(path, plan).catch((error: unknown) => error as { code?: unknown })
        const fired = plan.disarm()
        if ('adapter' in opened) await opened.adapter.disconnect()
        else expect(opened.code, `statement ${at}`).toBe(fault.code)
        const again = await openFailing(path, plan)
        await prepareContent(again.adapter)
        await again.adapter.disconnect()
        rmSync(path)
        if (!fired) break
        faults++
      }
    }, 600_000)
  }
})
