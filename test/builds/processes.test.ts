import { processConformance, type Runner } from '@go-go-scope/persistence-conformance'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

/** Each cell has the endings, because the runtime decides what keeps a process alive. */
const withoutEndings: Runner = {
  ...runner,
  describe(name, body) {
    if (name !== 'endings') runner.describe(name, body)
  },
}

proveCell()
processConformance(withoutEndings, engine)
