// prober.mjs <engine> <path>: `race <circuit> <probes> <reset timeout> <lease> <not before>` asks for admission, seldom long
// before `not before` (epoch ms) and often around it, until the places are taken at that time or later, and answers with every
// admission it got; `report <circuit>
// <succeeded or failed> <threshold>` reports on them and answers with what counted; `unguarded <circuit> <at>` looks at the
// state and then changes it, and answers whether it would have called.
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = ''] = processArguments
/** How long before the time that matters all ask often. Those who ask so all the time would keep every core busy with waiting. */
const CLOSE_MS = 15
const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: 60_000 })
const breaker = adapter.circuitBreaker

/**
 * One admission, with the epoch ms between which it was asked for and given. `probe` is the name of the probe's place, `null`
 * where the circuit was closed.
 *
 * @typedef {{ from: number, to: number, probe: string | null }} Admitted
 */
/** @typedef {Parameters<typeof breaker.failed>[0]} Permit */

/** @type {Map<string, Permit[]>} */
const permits = new Map()

await takeOrders(async ([what, circuit = '', ...words]) => {
  if (what === 'report') return report(circuit, words[0] === 'failed' ? 'failed' : 'succeeded', Number(words[1]))
  if (what === 'unguarded') return unguarded(circuit, Number(words[0]))
  const [probes = 1, resetTimeout = 0, lease = 1, notBefore = 0] = words.map(Number)
  return race(circuit, { probes, resetTimeout, lease }, notBefore)
})
await adapter.disconnect()

/**
 * @param {string} circuit
 * @param {{ probes: number, resetTimeout: number, lease: number }} options
 * @param {number} notBefore
 */
async function race(circuit, options, notBefore) {
  /** @type {Permit[]} */
  const mine = []
  permits.set(circuit, mine)
  /** @type {Admitted[]} */
  const admitted = []
  for (;;) {
    const from = Date.now()
    const admission = await breaker.admit(circuit, options)
    if (admission.admitted) {
      mine.push(admission.permit)
      admitted.push({ from, to: Date.now(), probe: admission.permit.probe ?? null })
    } else if (admission.state === 'half-open' && from >= notBefore) return admitted
    // Not in step with the others. From afar it comes back before all ask often.
    await pause(Math.random() * (from < notBefore - CLOSE_MS ? CLOSE_MS : 2))
  }
}

/**
 * @param {string} circuit
 * @param {'succeeded' | 'failed'} outcome
 * @param {number} threshold
 */
async function report(circuit, outcome, threshold) {
  const reports = await Promise.all((permits.get(circuit) ?? []).map((permit) => breaker[outcome](permit, threshold)))
  return reports.filter(({ counted }) => counted).length
}

/**
 * @param {string} circuit
 * @param {number} at
 */
async function unguarded(circuit, at) {
  await pause(Math.max(0, at - Date.now()))
  const state = await breaker.getState(circuit)
  await turn()
  if (state?.state !== 'open') return false
  await breaker.setState(circuit, { ...state, state: 'half-open' })
  return true
}
