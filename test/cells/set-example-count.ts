import { fullestRuntimeOf } from '../../scripts/engines.mjs'
import { cell } from './cell.js'

// Each cell draws other examples. What examples look for is mostly decided by our own code: one cell, on the engine that takes
// the least for a statement, draws the whole count, with which the models find each planted bug (test/models). What the build
// of SQLite does with rare input shows in the cells of that build together, of which one tries all items of lists and a fifth
// of the examples, and the others an eighth. A soak sets more.
const isFullest = cell.runtime === fullestRuntimeOf(cell.engine)
process.env.CONFORMANCE_RUNS ??= !isFullest ? '0.125' : cell.engine === 'node:sqlite' ? '0.375' : '0.2'
