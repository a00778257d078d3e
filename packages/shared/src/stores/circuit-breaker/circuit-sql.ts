import type { Statement } from '../../queue/statement.js'

/** Every statement on the table of circuits that the port of the scope needs. A row gives the circuit as it is now. */
export interface CircuitSql {
  readonly table: string
  /** Parameters: key. */
  readonly getState: Statement<'one'>
  /** Parameters: key, state, failure count, last failure, last success. */
  readonly setState: Statement<'none'>
  /** Parameters: key, failures that open the circuit. The whole decision is in the statement: it counts exactly. */
  readonly recordFailure: Statement<'one'>
  /** Parameters: key. */
  readonly recordSuccess: Statement<'one'>
  /** Parameters: key. */
  readonly isolate: Statement<'one'>
  /** Parameters: key. */
  readonly reset: Statement<'one'>
  /**
   * A row that differs from the one before when another connection has committed since. Commits of this connection do
   * not count. Absent where the database does not tell: then the circuits themselves are read.
   */
  readonly lastCommit?: Statement<'one'>
}

/**
 * The statements that decide for all processes which calls are admitted. Each gives the circuit as it is after a change,
 * and no row where it decided to change nothing.
 */
export interface ProbeSql {
  readonly table: string
  /** Parameters: key. Where the database's own clock judges, its time is `judged_at`, by which the row is to be read. */
  readonly readCircuit: Statement<'one'>
  /**
   * Parameters: key, name of the probe, its lease, how many may probe, reset timeout. A row when there was a place; calls
   * do not share one, because it would not see the places it gives itself.
   */
  readonly admitProbe: Statement<'one'>
  /**
   * Parameters: key, generation. After the clock was set back, what lies in its future would hold for as long as it was
   * set back; times are moved to now, and leases begin again.
   */
  readonly followClock: Statement<'one'>
  /** Parameters: key, generation, name of the probe, successes that close the circuit. */
  readonly probeSucceeded: Statement<'one'>
  /** Parameters: key, generation, name of the probe. */
  readonly probeFailed: Statement<'one'>
  /** Parameters: key, generation, name of the probe. */
  readonly probeWithdrawn: Statement<'one'>
  /**
   * Parameters: key, generation. Only where there is something to forget: a success of a healthy circuit costs no
   * write.
   */
  readonly callSucceeded: Statement<'one'>
  /** Parameters: key, failures that open the circuit, generation. */
  readonly callFailed: Statement<'one'>
}
