import { appendFileSync } from 'node:fs'
import { availableParallelism, type } from 'node:os'
import type { Proof } from '../../scripts/soak/proofs.mjs'
import { cell } from '../cells/cell.js'
import { runtimes } from '../matrix.mjs'

/** What a proof did and found in this cell: a line of the table in docs/guarantees.md. */
export interface ProofResult {
  /** The name of the proof, the same in every cell. */
  proof: string
  /** Its file, relative to the root. */
  file: string
  /** The amount of work, for example `100 kills`. */
  runs: string
  /** The outcome, for example `0 of 8123 acknowledged writes lost`. */
  result: string
}

/** Reports the outcome to `npm run soak`, if that is running. Call it after the last assertion. */
export function reportProof(result: ProofResult): void {
  const { PROOF_REPORT: file } = process.env
  if (file === undefined) return
  const { name, engine, runtime } = cell
  const version = runtimes[runtime]?.version ?? 'undeclared'
  const told: Proof = {
    cell: name,
    engine,
    runtime,
    version: `${version.charAt(0).toUpperCase()}${version.slice(1)}`,
    machine: `${type()}, ${availableParallelism()} cores`,
    date: new Date().toISOString().slice(0, 10),
    ...result,
  }
  appendFileSync(file, `${JSON.stringify(told)}\n`)
}
