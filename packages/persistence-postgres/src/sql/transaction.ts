/**
 * The statements of a transaction. A statement must see what was committed while it waited, so the isolation level is set here:
 * a role may have another default.
 */
export const TRANSACTION = {
  begin: 'BEGIN ISOLATION LEVEL READ COMMITTED',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
} as const
