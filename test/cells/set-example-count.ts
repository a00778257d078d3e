import { engines } from '../../scripts/engines.mjs'
import { cell } from './cell.js'

// Each cell draws other examples, so the runtimes of an engine share its part: with 3/4 of the full count the models found
// each planted bug at each of eight trials (test/models finds them with the whole). A soak sets more.
process.env.CONFORMANCE_RUNS ??= String(0.75 / engines[cell.engine].runtimes.length)
