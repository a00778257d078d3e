import { read, write } from '../../../queue/statement.js'
import type { LeaseTimeSql } from '../../../session/lease-time-record.js'

// The time of the last grant or renewal of any lease.
const MARK = `(SELECT max(
  coalesce((SELECT clock FROM go_goscope_lock_counter WHERE id = 1), 0), coalesce((SELECT now FROM go_goscope_claim_clock WHERE id = 1), 0)
) AS mark)`

// A record stays valid when the wall clock passes the highest time, so that a lease longer than the setback ends in time. A
// record made under a clock that was more than a day behind (a machine that boots in 1970) does not: once corrected, it would end
// every lease.
const LONGEST_LEAD_MS = 86_400_000
const RECORDED = `(SELECT mark FROM go_goscope_lease_time WHERE id = 1 AND now - wall <= ${LONGEST_LEAD_MS})`

// The statement may have waited for another writer after its time was bound, so a wall clock slightly behind the record was not
// set back.
const LONGEST_WAIT_MS = 100

export const leaseTimeSql: LeaseTimeSql = {
  read: read('time.read', 'one', `SELECT mark, ${RECORDED} AS recorded FROM ${MARK}`),

  // A record is valid only while nothing was granted since.
  record: write(
    'time.record',
    'one',
    `INSERT INTO go_goscope_lease_time (id, mark, now, wall)
SELECT 1, mark, mark, ?1 FROM ${MARK}
WHERE mark > ?1 OR mark = ${RECORDED}
ON CONFLICT (id) DO UPDATE SET
  now = CASE WHEN mark = excluded.mark THEN now + max(0, excluded.wall - wall) ELSE excluded.mark END,
  wall = CASE WHEN mark = excluded.mark AND excluded.wall BETWEEN wall - ${LONGEST_WAIT_MS} AND wall THEN wall ELSE excluded.wall END,
  mark = excluded.mark
RETURNING now`,
    { clocked: 'wall', announces: { of: 'leaseTime', column: 'now' } },
  ),
}
