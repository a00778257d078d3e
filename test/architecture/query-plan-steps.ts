// The one-row tables of counters and clocks, the rows of a JSON parameter, rows made on the spot, and the few that a
// recursive query has found by an index.
const SMALL =
  /^SCAN (calls|tasks|counter|clock|json_each|go_goscope_\w+_(counter|clock)|\(subquery-\d+\)|(\d+ )?CONSTANT ROWS?|\d+-ROW VALUES CLAUSE)( |$)/

/** Whether a step of EXPLAIN QUERY PLAN costs as many rows as a table has, or sorts what an index could give in order. */
export function isWastefulStep(detail: string): boolean {
  return (detail.startsWith('SCAN ') && !SMALL.test(detail)) || detail.startsWith('USE TEMP B-TREE FOR ORDER BY')
}
