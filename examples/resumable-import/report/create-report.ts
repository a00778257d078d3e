import { createPaint } from '../../../scripts/paint.mjs'
import { describeEvent } from './describe-event.ts'
import type { Report } from './event.ts'
import { ProgressLine } from './progress-line.ts'

/** Where a run's events go: for people a line each and a progress bar, for another process a line of JSON each. */
export function createReport(stream: NodeJS.WriteStream, { json }: { json: boolean }): Report {
  if (json) return (event) => void stream.write(`${JSON.stringify(event)}\n`)
  const progressLine = new ProgressLine(stream, '   ')
  const paint = createPaint(stream)
  return (event) => {
    if (event.type === 'progress') return progressLine.update(event)
    progressLine.end()
    // What a step of the demonstration says is set below its heading.
    const indent = ['step', 'verified', 'summary'].includes(event.type) ? '' : '   '
    for (const line of describeEvent(event, paint)) stream.write(line === '' ? '\n' : `${indent}${line}\n`)
  }
}
