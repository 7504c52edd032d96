import { CATALOGUE } from '../../packages/core/src/diagnostics/catalogue.ts'
import { table } from './table.ts'

/** What a thousand of codes is about, by its first digit. */
const TOPICS: Readonly<Record<string, string>> = {
  1: 'Config and plugins', 2: 'Logic and bundle', 3: 'Secrets', 4: 'Targets and releases', 5: 'Development', 6: 'Schema', 9: 'The unexpected',
}

/** `docs/errors/index.md`: every code, from the catalogue. */
export function errorsPage(): string {
  const codes = Object.entries(CATALOGUE)
  const digits = [...new Set(codes.map(([code]) => code.charAt(3)))]
  return [
    '# Errors',
    '',
    'What `stk` prints with an error: its code and title, the cause, where it is with a frame of the file, what to do, and its page here. With',
    '`--json` it is an event with the same members. A code is never given a second meaning. What a Bridge answers to clients is',
    '[another list](../bridge.md#errors).',
    '',
    ...digits.flatMap((digit) => [
      `## ${TOPICS[digit] ?? `STK${digit}…`}`,
      '',
      table(['code', '', 'exit'], codes.filter(([code]) => code.charAt(3) === digit).map(([code, { title, exit }]) => [`[${code}](${code}.md)`, title, String(exit)])),
      '',
    ]),
  ].join('\n')
}
