import { isIssuer, roleOfClaim, roleValuesProblem } from '#domain/oidc.ts';
import { oidcPersonId, personIdOf } from '#domain/sessions.ts';

const ROLES = { owner: ['staff'], moderator: ['chat', 'night shift'], broadcaster: ['crew'] };

test.each<[unknown, string | null]>([
  ['staff', 'owner'],
  [['visitors', 'crew'], 'broadcaster'],
  [['night shift'], 'moderator'],
  // The first in the table of roles, in whatever order they are written.
  [['chat', 'crew', 'staff'], 'owner'],
  [['chat', 'crew'], 'broadcaster'],
  ['crew staff', null],
  ['STAFF', null],
  [['staffs', ''], null],
  [[['staff']], null],
  [{ 0: 'staff', length: 1 }, null],
  [[], null],
  [true, null],
  [null, null],
  [undefined, null],
])('the claim %j gives the role %s', (claim, role) => {
  expect(roleOfClaim(claim, ROLES)).toBe(role);
});

test('a role that has no values is nobody’s', () => {
  expect(roleOfClaim(undefined, { owner: undefined } as object)).toBeNull();
});

test('a mapping names a role, and fits into an environment variable', () => {
  expect(roleValuesProblem({})).toBe('name at least one role');
  expect(roleValuesProblem(ROLES)).toBeNull();
  expect(roleValuesProblem({ owner: ['a'.repeat(1_000)] })).toBe('at most 1000 characters, as JSON');
});

test.each([
  ['https://accounts.example.com', true],
  ['https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example', true],
  ['http://127.0.0.1:4000', true],
  ['http://localhost.example.com', false],
  ['http://accounts.example.com', false],
  ['https://accounts.example.com/#a', false],
  ['https://accounts.example.com/?', false],
  ['https://a:b@accounts.example.com', false],
  ['ftp://127.0.0.1', false],
  ['accounts', false],
])('whether %s is an issuer: %s', (text, expected) => {
  expect(isIssuer(text)).toBe(expected);
});

test('a person of a provider is known by issuer and subject together, and is nobody who was invited', () => {
  const ids = [
    oidcPersonId('https://a.example.com', 'ada'),
    oidcPersonId('https://a.example.com', 'Ada'),
    oidcPersonId('https://b.example.com', 'ada'),
    oidcPersonId('https://a.example.coma', 'da'),
    personIdOf('ada'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  expect(oidcPersonId('https://a.example.com', 'ada')).toBe(ids[0]);
});
