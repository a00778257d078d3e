import { CIRCUIT_TABLE } from './published-tables.js'

/**
 * Added to go_goscope_circuit by migration 4; known-objects.ts knows them. Each column is nullable or has a default, so that a
 * writer which knows only the published columns can still write.
 */
const COLUMNS: readonly (readonly [name: string, definition: string])[] = [
  // Epoch ms when the circuit last opened, while it is not closed.
  ['opened_at', 'INTEGER'],
  // Grows with every new period of the circuit; reports carry the generation of their period.
  ['generation', 'INTEGER NOT NULL DEFAULT 0'],
  ['isolated', 'INTEGER NOT NULL DEFAULT 0'],
  // Successful probes of this period.
  ['successes', 'INTEGER NOT NULL DEFAULT 0'],
  // JSON: name, end of lease (epoch ms) and lease (ms) of each active probe.
  ['probes', "TEXT NOT NULL DEFAULT '[]'"],
  // Incremented by every statement of ours, so that a change by another writer is detectable.
  ['revision', 'INTEGER NOT NULL DEFAULT 0'],
]

export const CIRCUIT_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name)

/** The table with these columns, for a file from which it was dropped. */
export const CREATE_CIRCUIT: string = CIRCUIT_TABLE.create.replace(
  /\n\)$/,
  COLUMNS.map(([name, definition]) => `,\n  ${name} ${definition}`)
    .join('')
    .concat('\n)'),
)

/**
 * go-go-scope's own adapters write only state and times. Their write begins a new period: reports of an earlier one no longer
 * count, and the opening time of a circuit they opened is that of the write. A row they replaced has lost its generation; the
 * time replaces it, a number that no count of periods has reached.
 */
const CIRCUIT_TRIGGERS: readonly string[] = [
  `CREATE TRIGGER IF NOT EXISTS go_goscope_circuit_changed_elsewhere AFTER UPDATE ON go_goscope_circuit
WHEN NEW.revision = OLD.revision AND NEW.state <> OLD.state BEGIN
  UPDATE go_goscope_circuit SET
    opened_at = CASE WHEN NEW.state = 'closed' THEN NULL ELSE NEW.updated_at END,
    generation = generation + 1, isolated = 0, successes = 0, probes = '[]', revision = revision + 1
  WHERE key = NEW.key;
END`,
  `CREATE TRIGGER IF NOT EXISTS go_goscope_circuit_made_elsewhere AFTER INSERT ON go_goscope_circuit
WHEN NEW.revision = 0 BEGIN
  UPDATE go_goscope_circuit SET
    opened_at = CASE WHEN NEW.state = 'closed' THEN NULL ELSE NEW.updated_at END,
    generation = NEW.updated_at, revision = 1
  WHERE key = NEW.key;
END`,
]

export const ADD_CIRCUIT_COLUMNS: readonly string[] = [
  ...COLUMNS.map(([name, definition]) => `ALTER TABLE go_goscope_circuit ADD COLUMN ${name} ${definition}`),
  "UPDATE go_goscope_circuit SET opened_at = updated_at WHERE state <> 'closed'",
  'UPDATE go_goscope_circuit SET revision = 1',
  ...CIRCUIT_TRIGGERS,
]
