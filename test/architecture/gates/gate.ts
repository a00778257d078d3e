/** A file of the repository; `path` is relative to the root, with `/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A rule about files. It does not read the file system, so that a test can apply it to planted files. */
export interface Gate {
  readonly rule: string
  covers(path: string): boolean
  /** @returns one line per violation. */
  violations(files: readonly SourceFile[]): string[]
}

/** Applies a gate. A gate that covers no file is a violation, because it would always pass. */
export function applyGate(gate: Gate, files: readonly SourceFile[]): string[] {
  const covered = files.filter(({ path }) => gate.covers(path))
  return covered.length === 0 ? [`no file is covered by: ${gate.rule}`] : gate.violations(covered)
}

/** Returns a gate with a pattern that no line of a covered file may match. */
export function forbids(
  rule: string,
  covers: (path: string) => boolean,
  pattern: RegExp,
  read: (text: string) => string = (text) => text,
): Gate {
  return {
    rule,
    covers,
    violations: (files) =>
      files.flatMap(({ path, text }) =>
        read(text)
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      ),
  }
}
