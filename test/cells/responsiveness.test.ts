import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { otherMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { Waits } from '../proof/responsiveness/waits.js'
import { type Held, watchProcess } from '../proof/responsiveness/watch-process.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

const HOLD_MS = 2_000
const IMPATIENCE_MS = 600
// Far below the time for which the lock is held, and far above the delays of a loaded machine.
const LONGEST_MS = 500
const TIMER_MS = 5
/**
 * How often a measurement that failed may be repeated. A loaded machine is late sometimes; code that blocks the event loop is
 * late each time.
 */
const TRIES = 4
/** The number of calls that wait together until they give up. */
const IMPATIENT_CALLS = proofCount({ inTests: 2_000, inSoak: 100_000 })

describe('while another process holds the write lock for two seconds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'responsiveness-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  interface Settled {
    name: string
    /** The time by performance.now(); for many calls, the longest duration. */
    at: number
    code?: unknown
  }

  async function settled(name: string, work: Promise<unknown>): Promise<Settled> {
    try {
      await work
      return { name, at: performance.now() }
    } catch (error) {
      return { name, at: performance.now(), code: (error as { code?: unknown }).code ?? error }
    }
  }

  /** Makes many calls that give up, a few at a time, because making them also blocks the event loop. */
  async function crowd(adapter: Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>): Promise<Settled> {
    let [late, stored] = [0, 0]
    const calls: Promise<void>[] = []
    // Long before the lock is released, even on a loaded machine, so that all calls give up.
    const end = performance.now() + HOLD_MS / 4
    while (calls.length < IMPATIENT_CALLS && performance.now() < end) {
      const asked = performance.now()
      for (let more = 0; more < 2_000; more++) {
        calls.push(
          adapter.cache.set(`crowd-${calls.length}`, 1).then(
            () => void stored++,
            () => {
              late = Math.max(late, performance.now() - asked)
            },
          ),
        )
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(calls)
    return { name: 'crowd', at: late, code: stored === 0 ? 'BUSY' : `${stored} stored` }
  }

  async function round(number: number, held: Held) {
    const file = (name: string) => join(folder, `${name}-${number}.db`)
    const [used, fresh] = [file('used'), file('fresh')]
    writeFileSync(file('read'), 'a small file')
    const patient = await engine.SQLiteAdapter.open(used)
    // More waiting connections than the thread pool has threads.
    const others = await Promise.all([1, 2, 3, 4].map(() => engine.SQLiteAdapter.open(used)))
    const impatient = await engine.SQLiteAdapter.open(used, { busyTimeout: IMPATIENCE_MS })
    const lock = new ProofProcess(otherMember, new URL('../proof/responsiveness/write-lock.mjs', import.meta.url))
    return withProcesses([lock], async () => {
      await lock.next()
      await lock.ask(`hold ${used}`)
      await lock.ask(`hold ${fresh}`)
      const asked = performance.now()
      const watch = watchProcess(file('read'), held)
      const works = [
        settled('set', patient.cache.set('k', 1)),
        ...others.map((other, at) => settled(`other ${at}`, other.cache.set(`other-${at}`, 1))),
        settled('complete', patient.idempotency.set('k', 1)),
        settled('count', Promise.all(Array.from({ length: 20 }, () => patient.recordFailure('api', 5)))),
        // The file has neither WAL mode nor tables yet, so switching the mode and migrating must wait as well.
        settled(
          'open',
          engine.SQLiteAdapter.open(fresh).then((adapter) => adapter.disconnect()),
        ),
        settled('impatient', impatient.cache.set('k', 2)),
        crowd(impatient),
      ]
      await pause(HOLD_MS)
      const released = performance.now()
      await lock.ask('release')
      const ends = await Promise.all(works)
      await watch.stop()
      await Promise.all([patient, impatient, ...others].map((adapter) => adapter.disconnect()))
      return { asked, released, ends }
    })
  }

  test('neither the event loop nor the thread pool is blocked, and every call ends in time', async () => {
    const rounds = proofCount({ inTests: 1, inSoak: 10 })
    const held: Held = { eventLoop: new Waits(), fileRead: new Waits() }
    let repeats = 0
    for (let number = 0; number < rounds + repeats; number++) {
      const now: Held = { eventLoop: new Waits(), fileRead: new Waits() }
      const { asked, released, ends } = await round(number, now)
      const late: Record<string, number> = {
        'the event loop was held': now.eventLoop.longest,
        'one read of a file took': now.fileRead.longest,
      }
      for (const { name, at, code } of ends) {
        if (name === 'crowd') {
          expect(code).toBe('BUSY')
          late['the last of many gave up after its time'] = at - IMPATIENCE_MS
        } else if (name === 'impatient') {
          expect(code).toBe('BUSY')
          expect(at - asked, 'no BUSY before its time').toBeGreaterThanOrEqual(IMPATIENCE_MS - 1)
          late['one gave up after its time'] = at - asked - IMPATIENCE_MS
        } else {
          expect({ name, code }).toEqual({ name, code: undefined })
          expect(at, `${name} waits for the lock`).toBeGreaterThanOrEqual(released)
        }
      }
      const tooLate = Object.entries(late).filter(([, ms]) => ms >= LONGEST_MS)
      if (tooLate.length > 0 && ++repeats < TRIES) continue
      expect(tooLate, 'ms').toEqual([])
      held.eventLoop.addAll(now.eventLoop)
      held.fileRead.addAll(now.fileRead)
    }
    const shown = (waits: Waits) => `p99 ${Math.ceil(waits.percentile(99))} ms, longest ${Math.ceil(waits.longest)} ms`
    reportProof({
      proof: 'another process holds the write lock for 2 s',
      file: 'test/cells/responsiveness.test.ts',
      runs: `${rounds} times, ${repeats} more because the machine was busy`,
      result: `event loop late: ${shown(held.eventLoop)}; file read: ${shown(held.fileRead)}; no early BUSY, none late of up to ${IMPATIENT_CALLS} calls at once`,
    })
  }, 600_000)
})

describe('while loops of awaited calls keep the engine at work', () => {
  const LOOPS = 100
  /** ms. Calls take up to 10 ms in one turn of the event loop; the rest allows for a loaded machine. */
  const LATEST_MS = 150

  /** Returns the CPU time of the process in ms. */
  function processorTime(): number {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  }

  /** Runs `LOOPS` loops of awaited calls for `duration` ms, measured by the timers of this process. */
  async function loops(
    duration: number,
    call: (loop: number) => Promise<unknown>,
  ): Promise<{ late: Waits; calls: number }> {
    const late = new Waits()
    let [running, calls] = [true, 0]
    let [due, dueSpent] = [performance.now() + TIMER_MS, processorTime() + TIMER_MS]
    // CPU time that other processes take does not count against the loops, which never pause.
    const fired = (): void => {
      const [now, spent] = [performance.now(), processorTime()]
      late.add(Math.max(0, Math.min(now - due, spent - dueSpent)), TIMER_MS)
      ;[due, dueSpent] = [now + TIMER_MS, spent + TIMER_MS]
    }
    const timer = setInterval(fired, TIMER_MS)
    setTimeout(() => {
      running = false
    }, duration)
    // Loops that block all timers would never end.
    const limit = performance.now() + 20 * duration
    const loop = async (_: unknown, number: number): Promise<void> => {
      while (running && performance.now() < limit) {
        await call(number)
        calls++
      }
    }
    await Promise.all(Array.from({ length: LOOPS }, loop))
    clearInterval(timer)
    fired()
    return { late, calls }
  }

  test('timers fire in time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loops-'))
    const duration = proofCount({ inTests: 40, inSoak: 5_000 })
    const shown: string[] = []
    for (const [where, path] of [
      ['memory', ':memory:'],
      ['file', join(folder, 'app.db')],
    ] as const) {
      const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process' })
      await adapter.cache.set('k', { some: 'value' })
      for (const [name, call] of [
        ['get', () => adapter.cache.get('k')],
        ['set', (loop: number) => adapter.cache.set(`k${loop}`, loop)],
      ] as const) {
        let { late, calls } = await loops(duration, call)
        for (let tries = 1; tries < TRIES && late.percentile(99) >= LATEST_MS; tries++)
          ({ late, calls } = await loops(duration, call))
        const what = `${name} in ${where}`
        shown.push(`${what}: p99 ${Math.ceil(late.percentile(99))} ms, longest ${Math.ceil(late.longest)} ms`)
        expect(late.percentile(99), `ms that timers are late: ${what}`).toBeLessThan(LATEST_MS)
        expect(calls, what).toBeGreaterThan(LOOPS)
      }
      await adapter.disconnect()
    }
    rmSync(folder, { recursive: true, force: true })
    reportProof({
      proof: `timers behind ${LOOPS} loops of awaited calls`,
      file: 'test/cells/responsiveness.test.ts',
      runs: `${duration / 1000} s each`,
      result: shown.join('; '),
    })
  }, 600_000)
})
