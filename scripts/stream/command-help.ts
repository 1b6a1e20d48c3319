import { formatTable, indent } from '#scripts/terminal/text-table.ts';
import type { Command, CommandOptions } from './command.ts';

const PROGRAM = 'npm run stream --';

const EXIT_CODE_LINES = [
  'Exit codes: 0 done, 1 refused (standard error has the reasons), 2 wrong usage, 3 the API cannot be reached.',
  'npm adds lines of its own to standard output. In scripts use: npm run --silent stream -- COMMAND --json',
];

/** The help for the whole program. Ends with a line feed. */
export function generalHelp(commands: readonly Command[], generalOptions: CommandOptions): string {
  return toText([
    `Usage: ${PROGRAM} COMMAND [options]`,
    'Commands:',
    indent(formatTable(commands.map((command) => [signature(command), command.summary]))),
    'Options of every command:',
    optionLines(generalOptions),
    EXIT_CODE_LINES.join('\n'),
  ]);
}

/** The help for one command. Ends with a line feed. */
export function commandHelp(command: Command, generalOptions: CommandOptions): string {
  const hasOptions = Object.keys(command.options).length > 0;
  return toText([
    `Usage: ${PROGRAM} ${signature(command)} [options]`,
    [`${command.summary}.`, ...command.notes].join('\n'),
    ...(hasOptions ? ['Options:', optionLines(command.options)] : []),
    'Options of every command:',
    optionLines(generalOptions),
  ]);
}

const signature = ({ name, operand, optionalOperand }: Command): string =>
  [name, operand, optionalOperand && `[${optionalOperand}]`].filter(Boolean).join(' ');

const optionLines = (options: CommandOptions): string =>
  indent(
    formatTable(
      Object.entries(options).map(([name, { placeholder, short, help }]) => [
        [
          short === undefined ? '' : `-${short}, `,
          `--${name}`,
          placeholder === undefined ? '' : ` ${placeholder}`,
        ].join(''),
        help,
      ]),
    ),
  );

/** Joins sections with blank lines. A heading, which ends with a colon, has its section on the next line. */
const toText = (sections: readonly string[]): string =>
  `${sections
    .map((section) => (section.endsWith(':') ? `${section}\n` : `${section}\n\n`))
    .join('')
    .trimEnd()}\n`;
