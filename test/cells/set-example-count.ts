import { fullestRuntimeOf } from '../../scripts/engines.mjs'
import { cell } from './cell.js'

// Each cell draws other examples. What examples look for is mostly decided by our own code, which is the same in all: the cell
// whose engine takes the least for a statement draws three eighths of the count, with which the models find a planted bug all
// but always (test/models), and those of each other build draw some beside it. What the build of SQLite does with rare input
// shows in its cells together, of which one tries all items of lists and a fifth of the examples, and the others an eighth. A
// soak sets more.
const isFullest = cell.runtime === fullestRuntimeOf(cell.engine)
process.env.CONFORMANCE_RUNS ??= !isFullest ? '0.125' : cell.engine === 'node:sqlite' ? '0.375' : '0.2'
