import type { PortName } from './port-names.js'
import { cachePort } from './port-suites/cache-port.js'
import { checkpointPort } from './port-suites/checkpoint-port.js'
import { circuitBreakerPort } from './port-suites/circuit-breaker-port.js'
import { idempotencyPort } from './port-suites/idempotency-port.js'
import { lockPort } from './port-suites/lock-port.js'
import type { Runner } from './runner.js'
import type { PortSuite, PortWorld } from './suite.js'

const SUITES: readonly PortSuite[] = [lockPort, circuitBreakerPort, cachePort, checkpointPort, idempotencyPort]

/**
 * Declares the promises of every implementation of the ports, in memory or not.
 *
 * @param create Makes new providers for one test, with their clock.
 * @param ports The ports that `create` provides. Default: all.
 */
export function portConformance(
  runner: Runner,
  name: string,
  create: () => Promise<PortWorld>,
  ports?: readonly PortName[],
): void {
  runner.describe(name, () => {
    for (const suite of SUITES) if (ports === undefined || ports.includes(suite.port)) suite.declare(runner, create)
  })
}
