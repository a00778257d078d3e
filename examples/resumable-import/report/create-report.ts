import { createPaint } from '../../../scripts/paint.mjs'
import { describeEvent } from './describe-event.ts'
import type { Report } from './event.ts'
import { ProgressLine } from './progress-line.ts'

/** Returns a report that writes events: for people as text with a progress bar, for another process as lines of JSON. */
export function createReport(stream: NodeJS.WriteStream, { json }: { json: boolean }): Report {
  if (json) return (event) => void stream.write(`${JSON.stringify(event)}\n`)
  const progressLine = new ProgressLine(stream, '   ')
  const paint = createPaint(stream)
  return (event) => {
    if (event.type === 'progress') return progressLine.update(event)
    progressLine.end()
    // The output of a demonstration step is indented below its heading.
    const indent = ['step', 'verified', 'summary'].includes(event.type) ? '' : '   '
    for (const line of describeEvent(event, paint)) stream.write(line === '' ? '\n' : `${indent}${line}\n`)
  }
}
