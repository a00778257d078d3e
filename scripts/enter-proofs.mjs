import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runs } from '../test/matrix.mjs'
import { readCommandLine, UsageError } from './command-line.mjs'
import { keepProofs, mergeProofs, parseLines, readProofs } from './soak/proofs.mjs'

const files = readCommandLine(
  `node scripts/enter-proofs.mjs FILE...

Puts what soaks of other machines or checkouts have found into the table of docs/guarantees.md: the lines that their tests wrote
into the file that PROOF_REPORT names. Only of soaks in which nothing failed.`,
  (args) => {
    const { positionals } = parseArgs({ args, allowPositionals: true })
    if (positionals.length === 0) throw new UsageError('FILE is missing')
    return positionals
  },
)
const proofs = files.flatMap((file) => parseLines(readFileSync(file, 'utf8')))
keepProofs(
  mergeProofs(readProofs(), { proofs, counts: [] }),
  runs.filter(({ engine }) => engine !== undefined),
)
