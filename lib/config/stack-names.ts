/** The name of a stage's stack: `Headend-STAGE-PART`. */
export const stackName = (stage: string, part: string): string => `Headend-${stage}-${part}`;
