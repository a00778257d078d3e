import type { Gate } from './gate.js'

/** A list that must name every one of something. */
export interface NamedList<Name extends string> {
  readonly path: string
  /** Where in the file the list is; absent: the whole file. */
  readonly part?: RegExp
  /** What the list must hold for `name`. */
  named(name: Name): readonly string[]
}

/**
 * Makes the gate of one list: a gate that covers no file is a violation, so a list that was moved must be named anew.
 *
 * @param kind What it lists, for example `engine`.
 */
export function namesAll<Name extends string>(
  kind: string,
  names: readonly Name[],
  { path, part, named }: NamedList<Name>,
  title = path,
): Gate {
  return {
    rule: `no ${kind} is forgotten by ${title}`,
    covers: (other) => other === path,
    violations: ([file]) => {
      const list = part === undefined ? file?.text : part.exec(file?.text ?? '')?.[0]
      if (list === undefined) return [`${path} has no list of every ${kind} where it was`]
      return names.flatMap((name) =>
        named(name)
          .filter((text) => !list.includes(text))
          .map((text) => `${title} lacks ${text}, for the ${kind} ${name}`),
      )
    },
  }
}
