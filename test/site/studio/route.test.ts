import { parseInvite, parseRoute, STUDIO_LINKS } from '#site/studio/route.ts';

test('the links of the studio lead to its pages', () => {
  expect(parseRoute(STUDIO_LINKS.streams)).toEqual({ page: 'streams' });
  expect(parseRoute(STUDIO_LINKS.people)).toEqual({ page: 'people' });
  expect(parseRoute(STUDIO_LINKS.stream('k3v7q2mzp4xw6taa'))).toEqual({ page: 'stream', streamId: 'k3v7q2mzp4xw6taa' });
});

test.each([
  '',
  '#',
  '#/streams/',
  '#/streams/a/b',
  '#/streams/..%2Fx',
  `#/streams/${'a'.repeat(65)}`,
  '#javascript:alert(1)',
])('%j is the list of streams', (fragment) => {
  expect(parseRoute(fragment)).toEqual({ page: 'streams' });
});

test('an invitation is in the fragment, and nothing else is one', () => {
  expect(parseInvite('#invite=abc234')).toBe('abc234');
  expect(['#invite=', '#invite=a b', '#/invite=abc', ''].map(parseInvite)).toEqual([null, null, null, null]);
});
