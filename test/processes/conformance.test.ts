import { processConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()
// What it promises of files has its counterparts in test/postgres-hazards, and in the other proofs of this folder.
if (engine.places === undefined) processConformance(runner, engine)
