import { stripVTControlCharacters } from 'node:util'

/**
 * Returns the final text: each problem, a line per run with its CPU time, and the total alone on the last line.
 *
 * @param {ReturnType<typeof import('./summarize.mjs').summarize>} summary
 * @param {ReturnType<typeof import('../paint.mjs').createPaint>} paint
 * @returns {string}
 */
export function formatSummary({ passed, failed, problems, rows }, paint) {
  const width = Math.max(...rows.map(({ name }) => name.length), 4)
  const line = (/** @type {(string | number)[]} */ [name, ...cells]) =>
    `${String(name).padEnd(width)}${cells.map((cell) => String(cell).padStart(9)).join('')}`
  return [
    ...problems.map(({ name, problem }) => `${paint('red', `✗ ${name}`)}: ${indentRest(problem)}\n`),
    line(['run', 'passed', 'failed', 'seconds', 'core-s']),
    ...rows.map((row) => {
      const text = line([row.name, row.passed, row.failed, row.seconds.toFixed(1), row.coreSeconds?.toFixed(1) ?? '-'])
      return row.failed === 0 ? text : paint('red', text)
    }),
    ...(rows.length > 1 ? [line(['all', '', '', '', sumOf(rows).toFixed(1)])] : []),
    '',
    paint(failed === 0 ? 'green' : 'red', `${passed} passed, ${failed} failed`),
  ].join('\n')
}

/** @param {readonly { coreSeconds?: number | undefined }[]} rows */
function sumOf(rows) {
  return rows.reduce((sum, { coreSeconds = 0 }) => sum + coreSeconds, 0)
}

/**
 * Removes stack frames of the runner and other tools, which hide the relevant ones.
 *
 * @param {string} text
 */
function indentRest(text) {
  const lines = stripVTControlCharacters(text).trimEnd().split('\n')
  return lines.filter((line) => !/^\s+at .*[/\\]node_modules[/\\]|^\s+at new Promise/.test(line)).join('\n    ')
}
