import type { NetworkInterfaceInfo } from 'node:os';
import { parseHost, resolveReach } from '#scripts/local/network-reach.ts';
import { UserError } from '#scripts/terminal/errors.ts';

const LOOPBACK_REACH = { listenHosts: ['127.0.0.1'], address: '127.0.0.1', otherAddresses: [], isOpen: false };

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo =>
  ({ address, internal, family: 'IPv4' }) as NetworkInterfaceInfo;
const INTERFACES = {
  lo: [ipv4('127.0.0.1', true)],
  docker0: [ipv4('203.0.113.1')],
  wlan0: [ipv4('192.0.2.7'), { ...ipv4('2001:db8::7'), family: 'IPv6' } as NetworkInterfaceInfo],
};
const resolve = (host: string | null, { interfaces = INTERFACES as object, route = null as string | null } = {}) =>
  resolveReach(host, interfaces as NodeJS.Dict<NetworkInterfaceInfo[]>, async () => route);

test.each([null, '127.0.0.1'])('with --host %s, nobody else can connect', async (host) => {
  expect(await resolve(host)).toEqual(LOOPBACK_REACH);
});

test('one address is open in addition to loopback', async () => {
  expect(await resolve('192.0.2.7')).toEqual({
    listenHosts: ['127.0.0.1', '192.0.2.7'],
    ...{ address: '192.0.2.7', otherAddresses: [], isOpen: true },
  });
});

test.each([
  ['that leads to others', '192.0.2.7', '192.0.2.7', ['203.0.113.1']],
  ['that is the first, if none leads to others', null, '203.0.113.1', ['192.0.2.7']],
  [
    'that is the first, if a tunnel that has no such address leads to others',
    '198.51.100.9',
    '203.0.113.1',
    ['192.0.2.7'],
  ],
])('of all addresses, links have the one %s', async (_which, route, address, otherAddresses) => {
  expect(await resolve('0.0.0.0', { route })).toEqual({
    listenHosts: ['0.0.0.0'],
    ...{ address, otherAddresses, isOpen: true },
  });
});

test('the system names the address that leads to others, or none', async () => {
  const interfaces = { eth0: [ipv4('203.0.113.1')] };
  expect(await resolveReach('0.0.0.0', interfaces)).toMatchObject({ address: '203.0.113.1' });
});

test.each([
  [
    '192.0.2.8',
    {},
    '--host 192.0.2.8 is no address of this machine. It has 203.0.113.1, 192.0.2.7; 0.0.0.0 means all of them.',
  ],
  [
    '192.0.2.8',
    { interfaces: {} },
    '--host 192.0.2.8 is no address of this machine. This machine has no address in a network now.',
  ],
  ['0.0.0.0', { interfaces: {} }, '--host 0.0.0.0 is not possible. This machine has no address in a network now.'],
])('%s is refused with what there is', async (host, machine, message) => {
  const resolving = resolve(host, machine);
  await expect(resolving).rejects.toThrow(UserError);
  await expect(resolving).rejects.toThrow(message);
});

test.each(['', 'localhost', '::', '192.0.2', 'wlan0'])('"%s" is no address', (value) => {
  expect(() => parseHost(value)).toThrow(/^--host .*is no IPv4 address\. /);
});
