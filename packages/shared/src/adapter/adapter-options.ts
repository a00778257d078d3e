import { checkRuntime } from '../arguments/check-runtime.js'
import { flagValue, invalidOption, waitingTime } from '../arguments/invalid.js'
import { unbindable } from '../arguments/limits.js'
import { type Complete, type OptionNames, readOptions } from '../arguments/options.js'
import { readArgument } from '../arguments/read-argument.js'
import type { DiagnosticListener } from '../errors/diagnostics.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { PersistenceAdapterOptions } from '../ports/providers.js'
import type { LockKind } from '../stores/lock/lock-manager.js'
import { checkedClock } from '../time/check-clock.js'
import { type Clock, systemClock } from '../time/clock.js'
import { jsonCodec } from '../values/json-codec.js'
import type { ValueCodec } from '../values/value-codec.js'

/** Options of every adapter. Adapters on one handle share the `clock`, `random` and `busyTimeout` of the first adapter. */
export interface AdapterOptions extends PersistenceAdapterOptions {
  /**
   * Where locks are kept. `process`: in memory, at no cost; they exclude other callers in this process. `database`: at the cost
   * of one write each; they exclude every process that uses the database. The two kinds do not exclude each other. Default
   * `process`.
   */
  locks?: LockKind | undefined
  /** Whether the last adapter to disconnect closes the handle. `false` leaves it open for the app. Default `true`. */
  closeOnDisconnect?: boolean | undefined
  /**
   * ms that a call waits for another writer before it fails with `BUSY`. Default 5000. The adapter retries at short intervals.
   * Therefore it sets the `busy_timeout` of the handle to a few ms, which also applies to statements that the app runs on the
   * same handle.
   */
  busyTimeout?: number | undefined
  /** The maximum length of a key in UTF-8 bytes, without the prefix. Default 1024. */
  maxKeyLength?: number | undefined
  /** The maximum length of an encoded value in UTF-8 bytes. Default 16 MiB. */
  maxValueSize?: number | undefined
  /** ms between two automatic runs of `prune()`. The timer does not keep the process alive. Default: no automatic runs. */
  sweepInterval?: number | undefined
  /** ms between two polls for changes that other processes made to circuits, while the app subscribes to any. Default 100. */
  watchInterval?: number | undefined
  /** Encodes values as text and decodes them. Default: JSON, extended by types that JSON loses. */
  codec?: ValueCodec | undefined
  /** The source of time. Default: the clocks of the machine. */
  clock?: Clock | undefined
  /** The source of random numbers for jitter, at least 0 and below 1. Default `Math.random`. */
  random?: (() => number) | undefined
  /** Called with busy waits, slow statements, unreadable rows, sweeps, and failures of background work. */
  onDiagnostic?: DiagnosticListener | undefined
}

export const ADAPTER_OPTIONS: OptionNames<AdapterOptions> = {
  keyPrefix: true,
  locks: true,
  defaultLockTTL: true,
  createTables: true,
  closeOnDisconnect: true,
  busyTimeout: true,
  maxKeyLength: true,
  maxValueSize: true,
  sweepInterval: true,
  watchInterval: true,
  codec: true,
  clock: true,
  random: true,
  onDiagnostic: true,
}

/**
 * Returns the options that a constructor or `open` was given, after reading each exactly once.
 *
 * @throws PersistenceError `INVALID_OPTION` for a name that is not in `names`, and for a getter that throws.
 */
export function givenOptions<Options extends object>(
  options: Options | undefined,
  names: OptionNames<Options>,
): Options {
  return options === undefined ? ({} as Options) : readOptions(options, names, 'options', 'INVALID_OPTION')
}

/** Returns those options of `open` that the constructor accepts too. */
export function adapterOptions(options: AdapterOptions): AdapterOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(ADAPTER_OPTIONS, name)))
}

/** Validated options with their defaults. */
export type ResolvedOptions = Complete<AdapterOptions, 'sweepInterval' | 'onDiagnostic'>

const DEFAULT_LOCK_TTL_MS = 30_000
const DEFAULT_BUSY_TIMEOUT_MS = 5_000
const DEFAULT_WATCH_INTERVAL_MS = 100
const DEFAULT_KEY_BYTES = 1_024
const DEFAULT_VALUE_BYTES = 16 * 1024 * 1024
const LONGEST_PREFIX_BYTES = 1_024

/**
 * Validates the options and applies the defaults.
 *
 * @throws PersistenceError `INVALID_OPTION` that names the option, its value and the accepted values; `ENGINE_UNSUPPORTED` on a
 *   runtime that is too old.
 */
export function resolveOptions(options: AdapterOptions = {}): ResolvedOptions {
  checkRuntime()
  const { busyTimeout = DEFAULT_BUSY_TIMEOUT_MS } = options
  return {
    keyPrefix: prefixOption(options.keyPrefix),
    defaultLockTTL: positive(options, 'defaultLockTTL', DEFAULT_LOCK_TTL_MS),
    createTables: flag(options, 'createTables', true),
    locks: lockKind(options.locks),
    closeOnDisconnect: flag(options, 'closeOnDisconnect', true),
    busyTimeout: waitingTime(busyTimeout, 'options', 'busyTimeout', 'INVALID_OPTION'),
    maxKeyLength: positive(options, 'maxKeyLength', DEFAULT_KEY_BYTES),
    maxValueSize: positive(options, 'maxValueSize', DEFAULT_VALUE_BYTES),
    sweepInterval: options.sweepInterval === undefined ? undefined : positive(options, 'sweepInterval', 0),
    watchInterval: positive(options, 'watchInterval', DEFAULT_WATCH_INTERVAL_MS),
    codec: methods(options, 'codec', ['encode', 'decode'], jsonCodec),
    clock: checkedClock(methods(options, 'clock', ['now', 'monotonic', 'setTimer'], systemClock)),
    random: callable(options, 'random') ?? Math.random,
    onDiagnostic: callable(options, 'onDiagnostic'),
  }
}

function prefixOption(prefix: unknown): string {
  if (prefix === undefined) return ''
  if (typeof prefix !== 'string') throw invalidOption('keyPrefix', prefix, 'a string')
  const problem = unbindable(prefix)
  if (problem !== undefined)
    throw new PersistenceError('INVALID_OPTION', 'options', `options: option keyPrefix ${problem}`)
  if (Buffer.byteLength(prefix) > LONGEST_PREFIX_BYTES) {
    throw invalidOption('keyPrefix', prefix, `at most ${LONGEST_PREFIX_BYTES} bytes long`)
  }
  return prefix
}

function lockKind(locks: unknown = 'process'): LockKind {
  if (locks === 'process' || locks === 'database') return locks
  throw invalidOption('locks', locks, "'process' or 'database'")
}

type Numeric = 'defaultLockTTL' | 'maxKeyLength' | 'maxValueSize' | 'sweepInterval' | 'watchInterval'

function positive(options: AdapterOptions, name: Numeric, fallback: number): number {
  const { [name]: value = fallback } = options
  if (typeof value !== 'number' || !(value > 0)) throw invalidOption(name, value, 'a positive number')
  return value
}

function flag(options: AdapterOptions, name: 'createTables' | 'closeOnDisconnect', fallback: boolean): boolean {
  const { [name]: value = fallback } = options
  return flagValue(value, 'options', name, 'INVALID_OPTION')
}

function callable<Name extends 'random' | 'onDiagnostic'>(options: AdapterOptions, name: Name): AdapterOptions[Name] {
  const value = options[name]
  if (value !== undefined && typeof value !== 'function') throw invalidOption(name, value, 'a function')
  return value
}

function methods<Name extends 'codec' | 'clock'>(
  options: AdapterOptions,
  name: Name,
  names: readonly string[],
  fallback: NonNullable<AdapterOptions[Name]>,
): NonNullable<AdapterOptions[Name]> {
  const given = options[name]
  const value = given === undefined ? fallback : given
  const complete = readArgument(
    () => names.every((method) => typeof (value as unknown as Record<string, unknown> | null)?.[method] === 'function'),
    'options',
    `option ${name}`,
    'INVALID_OPTION',
  )
  if (!complete) throw invalidOption(name, value, `an object with ${names.join(', ')}`)
  return value
}
