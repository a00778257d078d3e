export type { ObservedAdapter, ObservedStats } from './adapter-gauges.js'
export { type Instrumentation, type InstrumentOptions, instrument } from './instrument.js'
