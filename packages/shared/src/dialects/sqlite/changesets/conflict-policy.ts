import { invalidArgument, invalidCallOption, shown } from '../../../arguments/invalid.js'
import { reasonOf } from '../../../arguments/read-argument.js'
import { PersistenceError } from '../../../errors/persistence-error.js'

/**
 * Why a change cannot be applied.
 *
 * - `data`: the row has other values than it had before the recorded change.
 * - `not-found`: there is no such row.
 * - `conflict`: a row with the key of the inserted row exists.
 * - `constraint`: the change violates a constraint of the table.
 * - `foreign-key`: after all changes some foreign keys refer to no row.
 */
export type ConflictKind = 'data' | 'not-found' | 'conflict' | 'constraint' | 'foreign-key'

/**
 * How a conflict is resolved.
 * - `omit`: the change is not applied. After `foreign-key`, the foreign keys stay broken.
 * - `replace`: the change overwrites the row. Only for `data` and `conflict`.
 * - `abort`: nothing of the changeset is applied.
 */
export type ConflictAnswer = 'omit' | 'replace' | 'abort'

/** One answer for all conflicts, or a function that returns an answer for each, synchronously. */
export type ConflictPolicy = ConflictAnswer | ((kind: ConflictKind) => ConflictAnswer)

const OPERATION = 'changesets.apply'
// SQLite's constants: https://www.sqlite.org/session/c_changeset_abort.html and c_changeset_conflict.html.
const KINDS: readonly (ConflictKind | undefined)[] = [
  undefined,
  'data',
  'not-found',
  'conflict',
  'constraint',
  'foreign-key',
]
const ANSWERS: readonly ConflictAnswer[] = ['omit', 'replace', 'abort']
const ABORT = ANSWERS.indexOf('abort')

/** @throws PersistenceError `INVALID_ARGUMENT`. */
export function checkPolicy(policy: ConflictPolicy): void {
  if (typeof policy === 'function' || ANSWERS.includes(policy)) return
  throw invalidCallOption(OPERATION, 'onConflict', policy, "'omit', 'replace', 'abort' or a function")
}

/** Resolves and counts the conflicts of one call of `apply`. Never throws, because an engine may crash when a callback throws. */
export class ConflictAnswers {
  omitted = 0
  replaced = 0
  /** The reason for an abort. */
  failure: PersistenceError | undefined
  readonly #policy: ConflictPolicy

  constructor(policy: ConflictPolicy) {
    this.#policy = policy
  }

  /** @param conflict SQLite's code of the kind of conflict. @returns SQLite's code of the answer. */
  readonly answer = (conflict: number): number => {
    const kind = KINDS[conflict]
    try {
      if (kind === undefined) throw conflictOf(`an unknown conflict, number ${conflict}`)
      const answer = this.#decide(kind)
      if (answer === 'abort') throw conflictOf(kind)
      if (answer === 'omit') this.omitted++
      else this.replaced++
      return ANSWERS.indexOf(answer)
    } catch (error) {
      this.failure = error as PersistenceError
      return ABORT
    }
  }

  #decide(kind: ConflictKind): ConflictAnswer {
    const policy = this.#policy
    if (typeof policy === 'function') return checkedAnswer(kind, ask(policy, kind))
    // A broken foreign key cannot be fixed by omitting one row, and the caller has not accepted broken keys.
    if (kind === 'foreign-key') return 'abort'
    if (policy !== 'replace' || kind === 'data' || kind === 'conflict') return policy
    return kind === 'not-found' ? 'omit' : 'abort'
  }
}

function ask(policy: (kind: ConflictKind) => ConflictAnswer, kind: ConflictKind): ConflictAnswer {
  try {
    return policy(kind)
  } catch (cause) {
    throw new PersistenceError(
      'INVALID_ARGUMENT',
      OPERATION,
      `${OPERATION}: option onConflict must answer, but it threw (${reasonOf(cause)}); nothing was applied`,
      cause,
    )
  }
}

function checkedAnswer(kind: ConflictKind, answer: ConflictAnswer): ConflictAnswer {
  const replaceable = kind === 'data' || kind === 'conflict'
  if (ANSWERS.includes(answer) && (answer !== 'replace' || replaceable)) return answer
  const wanted = replaceable ? "'omit', 'replace' or 'abort'" : "'omit' or 'abort'"
  throw invalidArgument(
    OPERATION,
    `option onConflict must answer ${wanted} at once to '${kind}', got ${shown(answer)}; nothing was applied`,
  )
}

function conflictOf(what: string): PersistenceError {
  return new PersistenceError(
    'CHANGESET_CONFLICT',
    OPERATION,
    `${OPERATION}: '${what}' was met and nothing was applied; pass onConflict to say what becomes of such a change`,
  )
}
