import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Cmd, Copy, DockerfileParser, From, type Instruction } from 'dockerfile-ast';

const source = readFileSync(fileURLToPath(new URL('../../containers/encoder/Dockerfile', import.meta.url)), 'utf8');
const instructions = DockerfileParser.parse(source).getInstructions();
const stages = splitStages(instructions);
const [image = []] = stages.slice(-1);

/** The instructions of each stage. A stage begins with FROM. */
function splitStages(all: readonly Instruction[]): Instruction[][] {
  const starts = all.flatMap((instruction, index) => (instruction instanceof From ? [index] : []));
  return starts.map((start, index) => all.slice(start, starts[index + 1]));
}

/** The final image's instructions with a keyword. */
const ofImage = (keyword: string): Instruction[] => image.filter((one) => one.getKeyword() === keyword);

const fromImage = (stage: readonly Instruction[]): string | null =>
  stage[0] instanceof From ? stage[0].getImage() : null;

test("the image is Debian 13 slim with Node.js 24 and Debian's FFmpeg 7.1", () => {
  expect(fromImage(image)).toBe('debian:trixie-slim');
  expect(stages.map(fromImage)).toEqual(['node:24-trixie-slim', 'debian:trixie-slim', 'debian:trixie-slim']);
  expect(source).toContain("'ffmpeg=7:7.1.*'");
});

test('the final stage copies the programs and the bundle, and runs nothing', () => {
  expect(image.map((instruction) => instruction.getKeyword())).toEqual(['FROM', 'COPY', 'COPY', 'ENV', 'USER', 'CMD']);
  const copies = ofImage('COPY').filter((instruction) => instruction instanceof Copy);
  const sources = copies.map((copy) => ({
    from: copy.getFromFlag()?.getValue() ?? null,
    paths: copy.getArguments().map((argument) => argument.getValue()),
  }));
  expect(sources).toEqual([
    { from: 'programs', paths: ['/image/', '/'] },
    { from: null, paths: ['main.mjs', '/app/main.mjs'] },
  ]);
});

test('no other stage copies anything from the build context', () => {
  const others = stages.slice(0, -1).flat();
  expect(others.filter((instruction) => instruction.getKeyword() === 'ADD')).toEqual([]);
  expect(others.filter((one) => one instanceof Copy && one.getFromFlag() === null)).toEqual([]);
});

test('the user is a number, so that orchestrators can tell it from root', () => {
  const [user] = ofImage('USER');
  const [uid, gid] = user?.getArguments()[0]?.getValue().split(':') ?? [];
  expect([uid, gid]).toEqual([expect.stringMatching(/^[1-9]\d*$/), expect.stringMatching(/^[1-9]\d*$/)]);
});

test('the command has no shell, so signals reach Node.js', () => {
  const [command] = ofImage('CMD');
  if (!(command instanceof Cmd)) throw new Error('no CMD');
  expect(command.getJSONStrings().map((argument) => argument.getJSONValue())).toEqual(['node', '/app/main.mjs']);
});

test('the image has no health check, because the orchestrator has one', () => {
  expect(instructions.filter((instruction) => instruction.getKeyword() === 'HEALTHCHECK')).toEqual([]);
});

test('the Dockerfile names no architecture', () => {
  expect(source).not.toMatch(/x86|amd64|aarch64|arm64|--platform/i);
});
