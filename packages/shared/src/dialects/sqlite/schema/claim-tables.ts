/**
 * Active claims have their own table, so that a reader of the published table never sees unfinished work. Data without a column
 * in the published table is in go_goscope_claim_records: the fingerprint of a result, and a kept failure.
 *
 * The triggers work for every writer, including one that knows only the published table: a stored result ends the claim on its
 * key and replaces the record, and a record is removed with its result.
 */
export const CLAIM_TABLES: readonly string[] = [
  // AUTOINCREMENT: a generation is never granted twice, even after rows were deleted.
  `CREATE TABLE go_goscope_claims (
  generation INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  fingerprint TEXT,
  granted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT`,
  'CREATE INDEX idx_claims_expires ON go_goscope_claims(expires_at)',
  `CREATE TABLE go_goscope_claim_records (
  key TEXT PRIMARY KEY NOT NULL,
  fingerprint TEXT,
  failure TEXT,
  expires_at INTEGER
) STRICT`,
  'CREATE INDEX idx_claim_records_expires ON go_goscope_claim_records(expires_at) WHERE expires_at IS NOT NULL',
  // The time of the last grant or renewal. The wall clock may be behind it.
  `CREATE TABLE go_goscope_claim_clock (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  now INTEGER NOT NULL
) STRICT`,
  'INSERT INTO go_goscope_claim_clock (id, now) VALUES (1, 0)',
  `CREATE TRIGGER go_goscope_claim_granted AFTER INSERT ON go_goscope_claims BEGIN
  UPDATE go_goscope_claim_clock SET now = NEW.granted_at;
END`,
  `CREATE TRIGGER go_goscope_claim_renewed AFTER UPDATE OF granted_at ON go_goscope_claims BEGIN
  UPDATE go_goscope_claim_clock SET now = NEW.granted_at;
END`,
]

/** Also for a file whose published table was dropped, and with it the triggers. */
export const RESULT_TRIGGERS: readonly string[] = [
  `CREATE TRIGGER IF NOT EXISTS go_goscope_result_stored AFTER INSERT ON go_goscope_idempotency BEGIN
  DELETE FROM go_goscope_claims WHERE key = NEW.key;
  DELETE FROM go_goscope_claim_records WHERE key = NEW.key;
END`,
  `CREATE TRIGGER IF NOT EXISTS go_goscope_result_replaced AFTER UPDATE ON go_goscope_idempotency BEGIN
  DELETE FROM go_goscope_claims WHERE key = NEW.key;
  DELETE FROM go_goscope_claim_records WHERE key = NEW.key;
END`,
  `CREATE TRIGGER IF NOT EXISTS go_goscope_result_removed AFTER DELETE ON go_goscope_idempotency BEGIN
  DELETE FROM go_goscope_claim_records WHERE key = OLD.key AND failure IS NULL;
END`,
]
