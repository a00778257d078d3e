import { type Command, optionAbout, optionName, optionsOf } from './command-line.js'
import { UsageError } from './exit-codes.js'
import { write } from './output.js'

// No library: the existing ones pass typed words to `eval`, need the package bash-completion, or define global constants that
// break the script of a second program. Each script calls `scopedb complete` for the words that can follow. Each line has a
// word, a tab and its description. `:files` stands for paths.
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# scopedb: bash 3.2 and later. In ~/.bashrc: source <(scopedb completions bash)
_scopedb() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = :files ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(scopedb complete --line "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _scopedb scopedb
`,
  zsh: `#compdef scopedb
# In ~/.zshrc, behind compinit: source <(scopedb completions zsh)
_scopedb() {
  local line files
  local -a found
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=yes
    else
      line=\${line//:/\\\\:}
      found+=("\${line/$'\\t'/:}")
    fi
  done < <(scopedb complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe scopedb found
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _scopedb ]]; then _scopedb "$@"; else compdef _scopedb scopedb; fi
`,
  fish: `# In ~/.config/fish/completions/scopedb.fish: scopedb completions fish | source
function __scopedb_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  for line in (scopedb complete $words "$current" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$current"
    else
      printf '%s\\n' $line
    end
  end
end
complete -c scopedb -f -a '(__scopedb_complete)'
`,
  powershell: `# scopedb: PowerShell 5.1 and later. In $PROFILE: scopedb completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName scopedb -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  # The text of the command begins where the command does, which need not be where the line does. A space that is typed
  # behind it is no part of it.
  $length = [Math]::Max(0, $cursorPosition - $commandAst.Extent.StartOffset)
  $text = $commandAst.Extent.Text
  $line = if ($length -gt $text.Length) { $text.PadRight($length) } else { $text.Substring(0, $length) }
  # In base64: PowerShell 5.1 drops quotes and empty words of what it hands to a program.
  $bytes = [Text.Encoding]::UTF8.GetBytes($line)
  scopedb complete --line-base64 ([Convert]::ToBase64String($bytes)) 2>$null | ForEach-Object {
    $word, $about = $_ -split "\`t", 2
    if ($word -eq ':files') {
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
    } else {
      if (-not $about) { $about = $word }
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
  }
}
`,
}

/** The shells with a completion script. */
export const SHELLS: readonly string[] = Object.keys(SCRIPTS)

/** Prints the completion script of a shell. */
export async function printCompletions(shell: string): Promise<void> {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined) throw new UsageError(`there are completions for ${SHELLS.join(', ')}, not for ${shell}`)
  await write(script)
}

type Commands = Readonly<Record<string, Command>>

/** The possible values of arguments, by command and argument. */
export type Choices = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** The positional arguments that are paths. */
const PATHS: ReadonlySet<string> = new Set(['db', 'to', 'file', 'backup', 'into', 'from'])

/** Returns the words that can follow, a line each. @param words All typed words. The last one may be empty. */
export function completionsOf(words: readonly string[], commands: Commands, choices: Choices): string[] {
  const before = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  const named = (name: string | undefined): name is string => name !== undefined && Object.hasOwn(commands, name)
  const listed = (names: readonly string[]): string[] =>
    names.filter((name) => name.startsWith(current)).map((name) => `${name}\t${commands[name]?.meta.description}`)
  const [first, second] = before
  if (first === undefined) return [...listed(Object.keys(commands)), ':files']
  // If a database is named first, any command that takes one can follow.
  if (!named(first) && before.length === 1 && !current.startsWith('-'))
    return listed(Object.keys(commands).filter((name) => 'db' in (commands[name]?.args ?? {})))
  const name = named(first) ? first : named(second) ? second : 'summary'
  const command = commands[name]
  if (command === undefined) return []
  const rest = before.filter((_, at) => at !== before.indexOf(name))
  return argumentsOf(command, choices[name] ?? {}, rest, current)
}

function argumentsOf(
  { args }: Command,
  choices: Choices[string],
  before: readonly string[],
  current: string,
): string[] {
  const options = optionsOf(args)
  const takesWord = (word: string | undefined): string | undefined =>
    options.find(([name, { type }]) => word === `--${name}` && type !== 'boolean')?.[0]
  const chosen = (name: string): string[] =>
    PATHS.has(name) ? [':files'] : (choices[name] ?? []).filter((word) => word.startsWith(current))
  const option = takesWord(before.at(-1))
  if (option !== undefined) return chosen(option)
  if (current.startsWith('-')) {
    return options
      .map(([name, argument]) => ({
        word: optionName(name, argument).replace(/ .*/, ''),
        description: optionAbout(argument),
      }))
      .filter(({ word }) => word.startsWith(current) && !before.includes(word))
      .map(({ word, description }) => `${word}\t${description}`)
  }
  const given = before.filter((word, at) => !word.startsWith('-') && takesWord(before[at - 1]) === undefined)
  const next = Object.entries(args).filter(([, { type }]) => type === 'positional')[given.length]?.[0]
  return next === undefined ? [] : chosen(next)
}

/** Returns the words of a line up to the cursor, without the name of the program. */
export function wordsOfLine(line: string): string[] {
  const words = [...line.matchAll(/(?:\\.|"[^"]*"?|'[^']*'?|[^\s\\"'])+/g)].map(([word]) => word)
  if (/(?<!\\)\s$/.test(line) || words.length === 0) words.push('')
  return words.slice(1)
}
