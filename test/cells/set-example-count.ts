import { engines } from '../../scripts/engines.mjs'
import { cell } from './cell.js'

// Each cell draws other examples. What examples look for is mostly decided by our own code and by the build of SQLite, which the
// first runtime of an engine stands for; a second one tries how it calls that build, with few. With three eighths the
// models found each planted bug at each of eight trials (test/models finds them with the whole). A soak sets more.
const [first] = engines[cell.engine].runtimes
process.env.CONFORMANCE_RUNS ??= cell.runtime === first ? '0.375' : '0.125'
