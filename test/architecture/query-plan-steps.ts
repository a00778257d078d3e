// One-row tables (counters and clocks), the rows of a JSON parameter, constant rows, and the few rows that a recursive query
// found by an index.
const SMALL =
  /^SCAN (calls|tasks|counter|clock|json_each|go_goscope_\w+_(counter|clock)|\(subquery-\d+\)|(\d+ )?CONSTANT ROWS?|\d+-ROW VALUES CLAUSE)( |$)/

/** Returns whether a step of EXPLAIN QUERY PLAN scans a whole table, or sorts rows that an index could return in order. */
export function isWastefulStep(detail: string): boolean {
  return (detail.startsWith('SCAN ') && !SMALL.test(detail)) || detail.startsWith('USE TEMP B-TREE FOR ORDER BY')
}
