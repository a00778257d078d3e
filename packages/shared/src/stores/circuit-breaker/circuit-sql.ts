import type { Statement } from '../../queue/statement.js'

/** All statements on the table of circuits for the port of the scope. A row has the present state of the circuit. */
export interface CircuitSql {
  readonly table: string
  /** Parameters: key. */
  readonly getState: Statement<'one'>
  /** Parameters: key, state, failure count, last failure, last success. */
  readonly setState: Statement<'none'>
  /** Parameters: key, failures that open the circuit. The whole decision is in the statement, so counts are exact. */
  readonly recordFailure: Statement<'one'>
  /** Parameters: key. */
  readonly recordSuccess: Statement<'one'>
  /** Parameters: key. */
  readonly isolate: Statement<'one'>
  /** Parameters: key. */
  readonly reset: Statement<'one'>
  /**
   * A row that differs from the previous one when another connection has committed since. Commits of this connection do not
   * count. Absent for a database without such a value: then the circuits themselves are read.
   */
  readonly lastCommit?: Statement<'one'>
}

/**
 * The statements that decide for all processes which calls are admitted. Each returns the circuit after a change, and no row if
 * it decided to change nothing.
 */
export interface ProbeSql {
  readonly table: string
  /** Parameters: key. If the database's own clock decides, its time is in `judged_at`; interpret the row by that time. */
  readonly readCircuit: Statement<'one'>
  /**
   * Parameters: key, name of the probe, its lease, maximum number of probes, reset timeout. Returns a row when a slot was free.
   * Calls do not share the statement, because it would not see the slots that it grants itself.
   */
  readonly admitProbe: Statement<'one'>
  /**
   * Parameters: key, generation. After the clock was set back, times in its future would last longer by that much; they are moved
   * to now, and leases begin again.
   */
  readonly followClock: Statement<'one'>
  /** Parameters: key, generation, name of the probe, successes that close the circuit. */
  readonly probeSucceeded: Statement<'one'>
  /** Parameters: key, generation, name of the probe. */
  readonly probeFailed: Statement<'one'>
  /** Parameters: key, generation, name of the probe. */
  readonly probeWithdrawn: Statement<'one'>
  /**
   * Parameters: key, generation. Changes the row only if there are failures to clear: a success of a healthy circuit costs no
   * write.
   */
  readonly callSucceeded: Statement<'one'>
  /** Parameters: key, failures that open the circuit, generation. */
  readonly callFailed: Statement<'one'>
}
