import { PGlite } from '@electric-sql/pglite'
import { say } from '@go-go-scope/persistence-conformance/process'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'

/**
 * Measures the ms until an adapter over PGlite answers: cold, from a dumped folder with tables, and in another schema of a running
 * instance. Argument: `{ runs }`; prints `{ cold, template, schema }`, one number per run.
 */
const { runs } = JSON.parse(process.argv[2])
const options = { durability: 'process' }

/** @param {() => PGlite} make */
async function started(make) {
  const began = performance.now()
  const adapter = new PostgresAdapter(make(), options)
  await adapter.set('k', 1)
  const after = performance.now() - began
  await adapter.disconnect()
  return after
}

const base = new PGlite()
const filled = new PostgresAdapter(base, { ...options, closeOnDisconnect: false })
await filled.connect()
await filled.disconnect()
const loadDataDir = await base.dumpDataDir('none')

const [cold, template, schema] = [[], [], []]
for (let run = 0; run < runs; run++) {
  cold.push(await started(() => new PGlite()))
  template.push(await started(() => new PGlite({ loadDataDir })))
  const began = performance.now()
  const adapter = new PostgresAdapter(base, { ...options, schema: `s${run}`, closeOnDisconnect: false })
  await adapter.set('k', 1)
  schema.push(performance.now() - began)
  await adapter.disconnect()
}
say({ cold, template, schema })
process.exit(0)
