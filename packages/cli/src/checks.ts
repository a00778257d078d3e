import { existsSync } from 'node:fs'
import { type DiagnosticEvent, type OwnerProcess, PersistenceError } from '@go-go-scope/persistence-core/public'
import { bytes } from '@go-go-scope/persistence-inspector/format'
import type { ReadOptions } from './arguments.js'
import { checkPages } from './check-pages.js'
import { EXIT, SchemaOlderError } from './exit-codes.js'
import { factsOf } from './facts.js'
import { type Database, type HowToOpen, isServer, loadFrontEnd, withDatabase } from './open-database.js'
import { cell, escapeUnseen, paint, say, toJson, write } from './output.js'

/** A problem that was found. */
export interface Finding {
  /** `file`, `pages`, `backup`, or a part of the database. */
  readonly where: string
  readonly what: string
}

/**
 * Reads all pages of a file, decodes all stored values, and checks the invariants of the tables.
 *
 * @returns the exit code.
 */
export async function verify(path: string, { json, immutable }: ReadOptions): Promise<number> {
  const findings: Finding[] = []
  let items = 0
  let text = ''
  const isFile = !isServer(path)
  if (isFile && existsSync(`${path}.json`)) findings.push(...(await differencesFromManifest(path)))
  await recordingDamage(findings, path, { immutable }, async (database) => {
    if (isFile) for (const what of await checkPages(path, immutable)) findings.push({ where: 'pages', what })
    const { faults, complete, ...read } = await database.verify()
    items = read.items
    for (const { part: where, key, problem } of faults)
      findings.push({ where, what: key === undefined ? problem : `${cell(key)}: ${problem}` })
    const what = items === 1 ? '1 item was' : `${items} items were`
    text = `${what} read${complete ? '' : `, and the rest was not, after ${faults.length} faults`}`
  })
  return report(findings, json, { items }, text || 'nothing was read')
}

/** Compares a backup with the manifest next to it, which detects a change of any byte. */
async function differencesFromManifest(path: string): Promise<Finding[]> {
  const { verifyBackup } = await loadFrontEnd()
  try {
    await verifyBackup(path)
    return []
  } catch (error) {
    if (!isOf(error, 'BACKUP_DAMAGED')) throw error
    return [{ where: 'backup', what: error.message }]
  }
}

/** Opens a database for `use`. Damage is recorded as a finding, wherever it shows. */
async function recordingDamage(
  findings: Finding[],
  path: string,
  how: HowToOpen,
  use: (database: Database) => Promise<void>,
): Promise<void> {
  try {
    await withDatabase(path, how, use)
  } catch (error) {
    const damage = damageIn(error)
    if (damage === undefined) throw error
    const ofFile = isOf(damage, 'CORRUPT') || isOf(damage, 'IO_ERROR')
    findings.push({ where: ofFile ? 'file' : 'schema', what: damage.message })
  }
}

/**
 * Returns the error if it means that a database is damaged or not ours. Tables of an earlier release are not damage. A file that
 * cannot be read is: what was found before must not be lost.
 */
function damageIn(error: unknown): PersistenceError | undefined {
  if (error instanceof SchemaOlderError) return error.cause.version === error.cause.needed ? error.cause : undefined
  return DAMAGE.some((code) => isOf(error, code)) ? (error as PersistenceError) : undefined
}

const DAMAGE = ['CORRUPT', 'IO_ERROR', 'FOREIGN_TABLE', 'SCHEMA_MISSING']

const isOf = (error: unknown, code: string): error is PersistenceError =>
  error instanceof PersistenceError && error.code === code

/**
 * Prints where a database runs and the problems there.
 *
 * @returns the exit code.
 */
export async function doctor(path: string, { json, immutable }: ReadOptions): Promise<number> {
  const events: DiagnosticEvent[] = []
  const findings: Finding[] = []
  let facts: object = { runtime: runtime() }
  const how = { immutable, onDiagnostic: (event: DiagnosticEvent) => events.push(event) }
  await recordingDamage(findings, path, how, async (database) => {
    facts = { ...facts, ...(await factsOf(database)) }
    findings.push(...(await heldByTheDead(database)))
  })
  for (const event of events)
    if (event.type === 'unsafe-environment') findings.push({ where: 'environment', what: event.problem })
  const shown = Object.entries(facts)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${LABELS[name] ?? name}: ${shownFact(name, value)}`)
  return report(findings, json, facts, shown.join('\n'))
}

const LABELS: Readonly<Record<string, string>> = {
  sqliteVersion: 'SQLite',
  serverVersion: 'PostgreSQL',
  fileBytes: 'size',
  walBytes: 'log',
  roundTrip: 'round trip',
  clockDifference: 'clock ahead by',
}

function shownFact(name: string, value: unknown): string {
  if (name === 'fileBytes' || name === 'walBytes') return bytes(Number(value))
  return name === 'roundTrip' || name === 'clockDifference' ? `${Math.round(Number(value))} ms` : cell(String(value))
}

interface HeldItem {
  readonly prefix: string | null
  readonly key: string
  readonly process?: OwnerProcess
}

/** Finds locks and claims of dead processes of this host. They stay held until their leases expire. */
async function heldByTheDead(database: Database): Promise<Finding[]> {
  const all = database.inspect({ prefix: '*' })
  const found: Finding[] = []
  const look = async (where: string, items: AsyncIterable<HeldItem>) => {
    for await (const { key, prefix, process } of items) {
      if (process?.alive === false)
        found.push({
          where,
          what: `${cell(key)}${prefix ? ` (prefix ${cell(prefix)})` : ''} is held by process ${process.pid}, which is gone`,
        })
    }
  }
  await look('locks', all.locks())
  await look('claims', all.claims())
  return found
}

const runtime = (): string =>
  process.versions.bun === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions.bun}`

async function report(
  findings: readonly Finding[],
  json: boolean | undefined,
  facts: object,
  text: string,
): Promise<number> {
  if (json) await write(`${toJson({ ...facts, findings }, 2)}\n`)
  else {
    await write(`${text}\n`)
    // SQLite's own findings may have several lines. None can be taken for another finding.
    for (const { where, what } of findings)
      await write(`${paint('red', where)}: ${escapeUnseen(what).replaceAll('\n', '\n  ')}\n`)
    if (findings.length === 0) say('nothing is wrong')
  }
  return findings.length === 0 ? EXIT.ok : EXIT.found
}
