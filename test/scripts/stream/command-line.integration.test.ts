import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { COMMANDS } from '#scripts/stream/commands.ts';
import { callStreamCli } from './stream-cli.ts';

const secret = generateSecret(randomBytes);

describe('help', () => {
  test.each(['--help', '-h'])('%s names every command, its options and the exit codes', async (option) => {
    const { code, stdout, stderr } = await callStreamCli([option]);
    expect([code, stderr]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}.* {2}${summary}$`, 'm'));
    expect(stdout).toContain('Exit codes: 0 done, 1 refused');
  });

  test.each(COMMANDS.map(({ name, options }) => [name, Object.keys(options)] as const))(
    '%s --help names its options and needs no API',
    async (name, options) => {
      const { code, stdout, stderr } = await callStreamCli([...name.split(' '), '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: npm run stream -- ${name}`);
      for (const option of [...options, 'api', 'token-file', 'json']) expect(stdout).toContain(`--${option} `);
    },
  );
});

describe('wrong usage exits with 2 and prints the usage', () => {
  test.each([
    ['nothing', [], 'Name a command.', 'COMMAND'],
    ['an unknown command', ['publish', 'x'], 'Unknown command "publish".', 'COMMAND'],
    ['an incomplete command', ['token'], 'Unknown command "token".', 'COMMAND'],
    ['an unknown second word', ['token', 'show', 'x'], 'Unknown command "token show".', 'COMMAND'],
    ['an unknown command with --help', ['publish', '--help'], 'Unknown command "publish".', 'COMMAND'],
    ['an unknown option', ['list', '--colour'], "Unknown option '--colour'.", 'COMMAND'],
    ["another command's option", ['list', '--title', 'x'], "Unknown option '--title'.", 'list'],
    ['an option without its value', ['create', '--title'], "Option '--title <value>' argument missing.", 'create'],
    ['a switch with a value', ['list', '--json=1'], "Option '--json' does not take an argument.", 'list'],
    ['no operand', ['stop'], 'Name the STREAM.', 'stop'],
    [
      'an unknown second word of a group that is a command',
      ['tasks', 'stop'],
      'There are too many arguments.',
      'tasks',
    ],
    ['no operand of a command in such a group', ['tasks', 'drain'], 'Name the TASK.', 'tasks drain'],
    ['too many operands', ['stop', 'a', 'b'], 'There are too many arguments.', 'stop'],
  ])('%s', async (_case, args, message, usage) => {
    const { code, stdout, stderr } = await callStreamCli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      message,
      '',
      expect.stringContaining(`Usage: npm run stream -- ${usage}`),
    ]);
  });

  test.each([
    ['a misspelt option', ['list', `--tokn=${secret}`]],
    ['a misspelt option before the command', ['--tokn', secret, 'list']],
    ['a token that is not a header value', ['list', '--token', `${secret} ${secret}`]],
    ['two tokens', ['list', '--token', secret, '--token-file', '/dev/null']],
    ['an address with a password', ['list', '--api', `https://admin:${secret}@live.example.com/api`]],
    ['an address with a query', ['list', '--api', `https://live.example.com/api?token=${secret}`]],
  ])('%s does not reveal the secret', async (_case, args) => {
    const { code, stdout, stderr } = await callStreamCli(args, {
      HEADEND_API: 'https://live.example.com/api',
      HEADEND_TOKEN: secret,
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(stderr).not.toContain(secret);
  });
});
