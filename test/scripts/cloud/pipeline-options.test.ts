import { takePipelineOptions } from '#scripts/cloud/pipeline-options.ts';

const DEV = ['-c', 'stage=dev'];

test('a command line without the options is none of a pipeline', () => {
  expect(takePipelineOptions([...DEV, 'Media'])).toBeNull();
});

test.each([
  [['--pipeline-role', 'acme/live.tv'], 'acme/live.tv'],
  [['--pipeline-role=acme@12/live@345'], 'acme@12/live@345'],
])('%j names a repository, and becomes context of the app', (options, repository) => {
  expect(takePipelineOptions([...options, ...DEV])).toEqual({
    pipeline: { repository, hasProvider: false },
    args: [...DEV, '-c', `pipelineRepository=${repository}`],
  });
});

test.each([
  [['--pipeline-role']],
  [['--pipeline-role', '-c']],
  [['--pipeline-role', 'acme']],
  [['--pipeline-role', 'acme/*']],
  [['--pipeline-role', 'acme/live:environment:prod']],
  [['--pipeline-role', 'acme@1/live']],
  [['--pipeline-role', 'acme/live@x']],
])('%j names no repository', (options) => {
  expect(() => takePipelineOptions([...DEV, ...options])).toThrow(/takes OWNER\/REPO or OWNER@ID\/REPO@ID/);
});

test('a provider without a repository is an error', () => {
  expect(() => takePipelineOptions([...DEV, '--existing-provider'])).toThrow(/goes with --pipeline-role/);
});
