import { type ConfirmOptions, confirm } from './confirm.js'
import { copyAsItIs } from './copy-as-it-is.js'
import { SchemaOlderError, UsageError } from './exit-codes.js'
import { requireFile, requireFolderOf, withDatabase } from './open-database.js'
import { endWithReader, say, toJson, write } from './output.js'

/** The plan of a migration. */
export interface Plan {
  readonly from: number
  readonly to: number
  /** The steps in order, for people. */
  readonly steps: readonly string[]
}

export interface MigrateOptions extends ConfirmOptions {
  readonly dryRun: boolean
  readonly json: boolean
  /** A new file for a copy of the database before the migration. */
  readonly backup?: string | undefined
  /** A new file for a copy, which is migrated instead of the database. */
  readonly into?: string | undefined
}

/** Brings the tables of a database up to date. With `dryRun` it only lists the steps. */
export async function migrate(path: string, { dryRun, json, yes, backup, into }: MigrateOptions): Promise<void> {
  if (backup !== undefined && into !== undefined) throw new UsageError('--backup or --into: one of the two')
  const copy = backup ?? into
  endWithReader(false)
  if (copy !== undefined) {
    requireFile(path)
    requireFolderOf(copy)
  }
  const plan = await planFor(path)
  if (json) await write(`${toJson(plan ?? { steps: [] }, 2)}\n`)
  else for (const step of plan?.steps ?? []) await write(`${step}\n`)
  if (plan === undefined) {
    // The copy was requested, and a script may rely on it.
    if (copy !== undefined && !dryRun) await copyAsItIs(path, copy)
    return say(`the tables are up to date${copy === undefined || dryRun ? '' : `; ${copy} is a copy`}`)
  }
  const steps = plan.steps.length === 1 ? '1 step' : `${plan.steps.length} steps`
  if (dryRun) return say(`${steps} from version ${plan.from} to ${plan.to}; nothing was changed`)
  if (into !== undefined) {
    await copyAsItIs(path, into, bringUpToDate)
    return say(`${into} is a copy in version ${plan.to}; ${path} is as it was`)
  }
  await confirm(
    `take ${path} in ${steps} from version ${plan.from} to ${plan.to}, which earlier releases may not open any more`,
    { yes },
  )
  if (backup !== undefined) {
    await copyAsItIs(path, backup)
    say(`as it was, it is ${backup}`)
  }
  await bringUpToDate(path)
  say(`migrated from version ${plan.from} to ${plan.to}`)
}

const bringUpToDate = (path: string): Promise<void> =>
  withDatabase(path, { write: true, migrate: true }, async () => {})

/** Returns the plan; `undefined` if there is nothing to do. */
async function planFor(path: string): Promise<Plan | undefined> {
  try {
    await withDatabase(path, {}, async () => {})
    return undefined
  } catch (error) {
    if (!(error instanceof SchemaOlderError)) throw error
    const { version, needed, steps } = error.cause
    return { from: version, to: needed, steps }
  }
}
