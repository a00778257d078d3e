// prober.mjs <engine> <path>: `race <circuit> <probes> <reset timeout> <lease> <not before>` requests admission, rarely long
// before `not before` (epoch ms) and often around it, until at or after that time all probes are taken, and answers with every
// admission that it got; `report <circuit> <succeeded or failed> <threshold>` reports the outcomes and answers with how many
// counted; `unguarded <circuit> <at>` reads the state and then changes it, and answers whether it would have called.
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = ''] = processArguments
/** ms before the reset time from which on all processes ask often. Asking often all the time would keep every core busy. */
const CLOSE_MS = 15
const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: 60_000 })
const breaker = adapter.circuitBreaker

/**
 * One admission, with epoch ms of its request and its answer. `probe` is the id of the probe, or `null` if the circuit was
 * closed.
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
    // A random pause keeps the processes out of step. The longer one ends before the processes ask often.
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
