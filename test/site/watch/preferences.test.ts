import { PreferenceStore } from '#site/watch/preferences.ts';

function storage(initial: string | null = null) {
  let stored = initial;
  return {
    getItem: () => stored,
    setItem: (_key: string, value: string) => {
      stored = value;
    },
  };
}

const DEFAULTS = { volume: 1, isMuted: true, height: null };

test('what a viewer chose is there the next time', () => {
  const kept = storage();
  new PreferenceStore(() => kept).save({ volume: 0.4, isMuted: false });
  new PreferenceStore(() => kept).save({ height: 720 });
  expect(new PreferenceStore(() => kept).current).toEqual({ volume: 0.4, isMuted: false, height: 720 });
});

test.each([null, '', 'null', '[]', '{', '{"volume":2,"isMuted":"no","height":-1}', '{"volume":null,"height":"720"}'])(
  '%j in the storage gives the defaults',
  (stored) => {
    expect(new PreferenceStore(() => storage(stored)).current).toEqual(DEFAULTS);
  },
);

test('without a storage, a choice lasts as long as the page', () => {
  const store = new PreferenceStore(() => {
    throw new Error('denied');
  });
  expect(store.current).toEqual(DEFAULTS);
  store.save({ volume: 0.2 });
  expect(store.current.volume).toBe(0.2);
});
