import { parseArgs } from 'node:util'
import { runs } from '../test/matrix.mjs'
import { readCommandLine, UsageError } from './command-line.mjs'
import { keepProofs, mergeProofs, readProofs } from './soak/proofs.mjs'

const files = readCommandLine(
  `node scripts/enter-proofs.mjs FILE...

Adds the results of soaks on other machines or checkouts to the table of docs/guarantees.md. Each FILE is their
scripts/soak/proofs.jsonl, or the file that PROOF_REPORT named for their tests. Use only soaks without a failure.`,
  (args) => {
    const { positionals } = parseArgs({ args, allowPositionals: true })
    if (positionals.length === 0) throw new UsageError('FILE is missing')
    return positionals
  },
)
keepProofs(
  files.reduce((found, file) => mergeProofs(found, readProofs(file)), readProofs()),
  runs.filter(({ engine }) => engine !== undefined),
)
