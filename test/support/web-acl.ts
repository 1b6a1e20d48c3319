import type { Json, SynthesizedStage } from './synthesized-stage.ts';

/** The rate rules of a stage's firewall that count a request for a path as it was sent. */
export function countingRules(stage: SynthesizedStage, path: string): string[] {
  return rulesOf(stage)
    .filter(({ Statement }) => Statement.RateBasedStatement !== undefined)
    .filter(({ Statement }) => applies(Statement.RateBasedStatement.ScopeDownStatement, path))
    .map(({ Name }) => Name);
}

/** The rules of the stage's only web ACL, in their order. */
export const rulesOf = (stage: SynthesizedStage): Json[] =>
  stage.only('AWS::WAFv2::WebACL').properties.Rules.toSorted((a: Json, b: Json) => a.Priority - b.Priority);

/** Whether a statement applies to a path (AWS WAF developer guide, "Using rule statements"). Throws if it is of an unknown kind. */
function applies(statement: Json, path: string): boolean {
  const [kind] = Object.keys(statement);
  if (kind === 'NotStatement') return !applies(statement.NotStatement.Statement, path);
  if (kind === 'AndStatement') return statement.AndStatement.Statements.every((each: Json) => applies(each, path));
  if (kind === 'OrStatement') return statement.OrStatement.Statements.some((each: Json) => applies(each, path));
  if (kind === 'ByteMatchStatement') return matches(statement.ByteMatchStatement, path);
  throw new Error(`${kind} is unknown here`);
}

function matches({ FieldToMatch, PositionalConstraint, SearchString, TextTransformations }: Json, path: string) {
  expect(FieldToMatch).toEqual({ UriPath: {} });
  // The transformations of AWS WAF are not those of CloudFront.
  expect(TextTransformations).toEqual([{ Priority: 0, Type: 'NONE' }]);
  if (PositionalConstraint === 'STARTS_WITH') return path.startsWith(SearchString);
  if (PositionalConstraint === 'CONTAINS') return path.includes(SearchString);
  if (PositionalConstraint === 'ENDS_WITH') return path.endsWith(SearchString);
  throw new Error(`${PositionalConstraint} is unknown here`);
}
