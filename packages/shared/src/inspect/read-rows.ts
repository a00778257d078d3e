import type { Row } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { splitQualified } from '../keys/key-space.js'
import { ownerProcess } from '../processes/generated-owner.js'
import { storedProbes, toState } from '../stores/circuit-breaker/circuit-row.js'
import { resultNotStored, unstoredIn } from '../stores/idempotency/unstored-result.js'
import type { ValueStore } from '../values/value-store.js'
import type { CircuitInfo, ClaimInfo, EntryInfo, LockInfo, ResultInfo, TaskInfo } from './listed-rows.js'

/** Reads the rows of one list. Both throw `VALUE_UNREADABLE`. */
export interface RowReader<Info> {
  /** Returns the content of a row without its value, or `undefined` for a row that belongs to no list. */
  read(row: Row): Info | undefined
  /** Whether rows have a value. */
  readonly hasValues: boolean
  /** Adds the value. Absent when values were not requested. @param name For errors. */
  readonly addValue?: ((info: Info, row: Row, name: string) => Info) | undefined
}

// Stands for no expiry, because no column of a lease is NULL.
const NEVER = Number.MAX_SAFE_INTEGER

export const lockReader: RowReader<LockInfo> = {
  hasValues: false,
  read: (row) => ({
    ...ownerOf(row),
    token: Number(row.token),
    holds: Number(row.holds),
    ...(Number(row.expires_at) < NEVER && { expiresAt: Number(row.expires_at) }),
    held: row.lasts === 1,
  }),
}

export const claimReader: RowReader<ClaimInfo> = {
  hasValues: false,
  read: (row) =>
    row.expires_at === null
      ? undefined
      : {
          ...ownerOf(row),
          generation: Number(row.generation),
          grantedAt: Number(row.granted_at),
          until: Number(row.expires_at),
          held: row.lasts === 1,
        },
}

/** @param table For errors. */
export function circuitReader(table: string): RowReader<CircuitInfo> {
  const operation = 'inspect.circuits'
  return {
    hasValues: false,
    read(row) {
      const { state } = toState(row, table, operation)
      const number = numbers(row, table, operation)
      return {
        state,
        failures: number('failure_count'),
        isolated: Number(row.isolated) !== 0,
        ...(state !== 'closed' && { openedAt: number(row.opened_at === null ? 'updated_at' : 'opened_at') }),
        ...(row.last_failure_time !== null && { lastFailureAt: number('last_failure_time') }),
        ...(row.last_success_time !== null && { lastSuccessAt: number('last_success_time') }),
        updatedAt: number('updated_at'),
        probes: storedProbes(row, table, operation).map(([owner, until]) => ({ ...ownerOf({ owner }), until })),
      }
    },
  }
}

/** @param values Decodes the values; `undefined` when they were not requested. */
export function entryReader(table: string, values: ValueStore | undefined): RowReader<EntryInfo> {
  const operation = 'inspect.entries'
  return {
    hasValues: true,
    read: (row) => ({
      ...sizeAndExpiry(row, table, operation),
      ...(typeof row.created_at === 'number' && { createdAt: row.created_at }),
    }),
    addValue: values && ((info, row, name) => ({ ...info, value: values.decode(row.value, table, name, operation) })),
  }
}

export function resultReader(table: string, values: ValueStore | undefined): RowReader<ResultInfo> {
  const operation = 'inspect.results'
  return {
    hasValues: true,
    read: (row) =>
      row.state === null
        ? undefined
        : {
            outcome: row.state as ResultInfo['outcome'],
            ...sizeAndExpiry(row, table, operation),
            // A fingerprint may be the text of a request, so it is shown only with the values.
            ...(values !== undefined && typeof row.fingerprint === 'string' && { fingerprint: row.fingerprint }),
          },
    addValue:
      values &&
      ((info, row, name) => {
        const unstored = info.outcome === 'unstored' ? unstoredIn(row.unstored ?? row.value) : undefined
        if (unstored !== undefined) throw resultNotStored(name, operation, unstored)
        return { ...info, value: values.decode(row.value, table, name, operation) }
      }),
  }
}

export function taskReader(table: string, values: ValueStore | undefined): RowReader<TaskInfo> {
  const operation = 'inspect.tasks'
  return {
    hasValues: true,
    read(row) {
      const number = numbers(row, table, operation)
      const id = String(row.id)
      return {
        checkpoints: Number(row.checkpoints),
        latest: {
          id: splitQualified(id)?.key ?? id,
          sequence: number('sequence'),
          progress: number('progress'),
          timestamp: number('timestamp'),
          ...(row.estimated_time_remaining !== null && { estimatedTimeRemaining: number('estimated_time_remaining') }),
          bytes: Number(row.bytes),
        },
      }
    },
    addValue:
      values &&
      ((info, row, name) => {
        const data: unknown = values.decode(row.value, table, name, operation)
        return { ...info, latest: { ...info.latest, data } }
      }),
  }
}

type SizeAndExpiry = Pick<EntryInfo, 'bytes' | 'expired' | 'expiresAt'>

function sizeAndExpiry(row: Row, table: string, operation: string): SizeAndExpiry {
  return {
    bytes: Number(row.bytes),
    ...(row.expires_at !== null && { expiresAt: numbers(row, table, operation)('expires_at') }),
    expired: row.lasts === 0,
  }
}

function ownerOf(row: Row): Pick<LockInfo, 'owner' | 'process'> {
  const owner = String(row.owner)
  const process = ownerProcess(owner)
  return process === undefined ? { owner } : { owner, process }
}

/** Reads numeric columns of a file, which can contain any type. */
function numbers(row: Row, table: string, operation: string): (column: string) => number {
  return (column) => {
    const value = row[column]
    if (typeof value === 'number') return value
    throw new PersistenceError(
      'VALUE_UNREADABLE',
      operation,
      `${operation}: a row of ${table} has the ${column} ${JSON.stringify(value)}, which is no number; write it anew or delete it`,
    )
  }
}
