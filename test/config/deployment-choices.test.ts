import { choiceContext, readChoices, resolveChosenStage } from '#config/deployment-choices.ts';

const AVAILABILITY_ZONES = ['us-east-1b', 'us-east-1d'];
const NONE = { availabilityZones: null };

/** What the app reads from the context that `-c` makes of choices. */
const asRead = (choices: Parameters<typeof choiceContext>[0]) => {
  const context = new Map(choiceContext(choices).map((value) => value.split('=') as [string, string]));
  return readChoices((key) => context.get(key));
};

test.each([{ availabilityZones: AVAILABILITY_ZONES }, NONE])(
  'the app reads the choices %j from its context',
  (choices) => {
    expect(asRead(choices)).toEqual(choices);
  },
);

test('chosen zones take the place of a number, even without a region, but not of names', () => {
  const choices = { availabilityZones: AVAILABILITY_ZONES };
  expect(resolveChosenStage({ name: 'dev' }, choices).availabilityZones).toEqual(AVAILABILITY_ZONES);
  expect(resolveChosenStage({ name: 'dev' }, NONE).availabilityZones).toBe(2);
  const own = ['eu-west-1a', 'eu-west-1b'];
  const named = { name: 'dev', region: 'eu-west-1', availabilityZones: own };
  expect(resolveChosenStage(named, choices).availabilityZones).toEqual(own);
});
