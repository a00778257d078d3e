import { engines } from '../../scripts/engines.mjs'
import { cell } from './cell.js'

// Each cell draws other examples. What examples look for is mostly decided by our own code, which is the same in all: the cell
// whose engine takes the least for a statement draws three eighths of the count, with which the models find a planted bug all
// but always (test/models). What a build of SQLite does with rare input shows where its whole suite runs, which tries all items
// of lists and a fifth of the examples. Its other cells draw an eighth of those that they have. A soak sets more.
const isWhole = cell.runtime === engines[cell.engine].whole
process.env.CONFORMANCE_RUNS ??= !isWhole ? '0.125' : cell.engine === 'node:sqlite' ? '0.375' : '0.2'
