/**
 * What a run tells about itself. A process that another one watches writes each event as a line of JSON.
 *
 * @typedef {(
 *   | { type: 'started', engine: string, runtime: string, file: string, cities: number }
 *   | { type: 'locked' }
  | { type: 'moved', rows: number, cities: number }
 *   | { type: 'resuming', checkpoint: number, rows: number, total: number }
 *   | { type: 'progress', done: number, from: number, total: number, elapsed: number }
 *   | { type: 'hanging', done: number, checkpoint: number }
 *   | { type: 'killed', told?: number }
 *   | { type: 'stopped', done: number, total: number }
 *   | { type: 'already-imported' }
 *   | { type: 'imported', from: number, total: number, lookups: Lookups }
 *   | { type: 'summary', stored: boolean } & Summary
 *   | { type: 'verified' } & Verification
 *   | { type: 'step', text: string }
 *   | { type: 'note', text: string }
 * )} Event
 *
 * @typedef {{ calls: number, failures: number, opened: number, cached: number }} Lookups
 * @typedef {Awaited<ReturnType<Awaited<ReturnType<typeof import('../database/city-table.mjs').createCityTable>>['summarize']>>} Summary
 * @typedef {Awaited<ReturnType<typeof import('../verify.mjs').verify>>} Verification
 * @typedef {(event: Event) => void} Report
 */
export {}
