import { engines } from '../../scripts/engines.mjs'
import { cell } from './cell.js'

// Each cell draws different examples, and most examples test our own code, which is the same in all cells. The cell with the
// fastest engine draws three eighths of the count. Of the cells with the same build of SQLite, one tries all items of lists and
// a fifth of the examples, and the others an eighth, for rare input that a build handles differently. A soak draws more.
const isFullest = cell.runtime === engines[cell.engine].fullest
process.env.CONFORMANCE_RUNS ??= !isFullest ? '0.125' : cell.engine === 'node:sqlite' ? '0.375' : '0.2'
