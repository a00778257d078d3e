import type { Summary } from '../database/city-table.ts'
import type { Verification } from '../verify.ts'

/** An event of a run. A process that is watched by another one writes each event as a line of JSON. */
export type Event =
  | { type: 'started'; engine: string; runtime: string; file: string; cities: number }
  | { type: 'locked' }
  | { type: 'moved'; rows: number; cities: number }
  | { type: 'resuming'; checkpoint: number; rows: number; total: number }
  | { type: 'progress'; done: number; from: number; total: number; elapsed: number }
  | { type: 'hanging'; done: number; checkpoint: number }
  | { type: 'killed'; reported?: number }
  | { type: 'stopped'; done: number; total: number }
  | { type: 'already-imported' }
  | { type: 'imported'; from: number; total: number; lookups: Lookups }
  | ({ type: 'summary'; stored: boolean } & Summary)
  | ({ type: 'verified' } & Verification)
  | { type: 'step'; text: string }
  | { type: 'note'; text: string }

export type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>

export interface Lookups {
  calls: number
  failures: number
  opened: number
  cached: number
}

export type Report = (event: Event) => void
