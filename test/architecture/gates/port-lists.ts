import type { PortName } from '@go-go-scope/persistence-conformance'
import { portNames } from '@go-go-scope/persistence-conformance/workspace'
import type { Gate } from './gate.js'
import { type NamedList, namesAll } from './named-list.js'

const stores = portNames.filter((port) => port !== 'lock')

const quotedCall = (port: PortName): string[] => [`'${port}.`]
const ofAdapter = (port: PortName): string[] => [`adapter.${port}.`]
const pascal = (port: PortName): string => port.charAt(0).toUpperCase() + port.slice(1)

const SUITES = 'packages/persistence-conformance/src/'

/** A list in one of our files, found by the name of its constant or function. */
function listed(
  path: string,
  name: string,
  named: (port: PortName) => string[],
): NamedList<PortName> & { name: string } {
  return { path, name, part: new RegExp(`^(export )?(const|async function) ${name}\\b[\\s\\S]*?^[\\]}]$`, 'm'), named }
}

/** Lists that need an item per port and that neither the type checker nor another test checks. */
const ofPorts = [
  listed(`${SUITES}suites/store-calls.ts`, 'LATE_CALLS', quotedCall),
  listed(`${SUITES}suites/store-calls.ts`, 'KEYED_CALLS', quotedCall),
  listed(`${SUITES}port-conformance.ts`, 'SUITES', (port) => [`${port}Port`]),
  listed('test/proof/failing-statement/operations.ts', 'OPERATIONS', quotedCall),
  listed('test/models/planted-bugs.test.ts', 'BUGS', (port) => [`brokenEngine(engine, '${port}',`]),
]

/** The same lists without locks, which have separate suites. */
const ofStores = [
  listed(`${SUITES}suites/call-order.ts`, 'READS', quotedCall),
  listed(`${SUITES}suites/call-order.ts`, 'WRITES', quotedCall),
  listed(`${SUITES}suites/call-order.ts`, 'FILLS', (port) => [`  ${port}: ({ ${port} })`]),
  listed('test/proof/failing-statement/operations.ts', 'prepareContent', ofAdapter),
]

export const portLists: readonly Gate[] = [
  namesAll('port', portNames, {
    path: 'packages/shared/src/public.ts',
    named: (port) => [`Sql${pascal(port)}Provider`],
  }),
  ...ofPorts.map((list) => namesAll('port', portNames, list, `${list.name} of ${list.path}`)),
  ...ofStores.map((list) => namesAll('store', stores, list, `${list.name} of ${list.path}`)),
]
