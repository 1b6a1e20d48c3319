import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Cmd, Copy, DockerfileParser, From, type Instruction } from 'dockerfile-ast';

const readImageFile = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../containers/encoder/${name}`, import.meta.url)), 'utf8');
const source = readImageFile('Dockerfile');
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
  expect(stages.map(fromImage)).toEqual([
    expect.stringMatching(/^node:24-trixie-slim@/),
    expect.stringMatching(/^debian:trixie-slim@/),
    'base',
    'base',
  ]);
  expect(source).toContain("'ffmpeg=7:7.1.*'");
});

test('images from elsewhere are named by digest, so that an update of theirs gives the image another name', () => {
  const names = stages.flatMap((stage) => (stage[0] instanceof From ? [stage[0].getBuildStage()] : []));
  const foreign = stages.map(fromImage).filter((name) => !names.includes(name));
  expect(foreign).toHaveLength(2);
  for (const image of foreign) expect(image).toMatch(/^[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
});

test('every step that installs Debian packages is repeated when their locked versions change', () => {
  const installing = instructions.filter((one) => one.getKeyword() === 'RUN' && one.toString().includes('apt-get'));
  expect(installing.length).toBeGreaterThan(0);
  const mount = 'RUN --mount=type=bind,source=packages.lock,target=/tmp/packages.lock ';
  for (const step of installing) expect(step.getTextContent().startsWith(mount)).toBe(true);
});

test('the lock has a version for each package, sorted by name, and FFmpeg among them', () => {
  const lines = readImageFile('packages.lock').trimEnd().split('\n');
  expect(lines).toContainEqual(expect.stringMatching(/^ffmpeg 7:7\.1\./));
  for (const line of lines) expect(line).toMatch(/^[a-z0-9][a-z0-9.+-]+ [\w.:~+-]+$/);
  expect(lines).toEqual([...new Set(lines)].sort());
});

test('the final stage copies the programs, the bundle and its bill of materials, and runs nothing', () => {
  expect(image.map((instruction) => instruction.getKeyword())).toEqual([
    'FROM',
    'COPY',
    'COPY',
    'COPY',
    'ENV',
    'USER',
    'CMD',
  ]);
  const copies = ofImage('COPY').filter((instruction) => instruction instanceof Copy);
  const sources = copies.map((copy) => ({
    from: copy.getFromFlag()?.getValue() ?? null,
    paths: copy.getArguments().map((argument) => argument.getValue()),
  }));
  expect(sources).toEqual([
    { from: 'programs', paths: ['/image/', '/'] },
    { from: null, paths: ['main.mjs', 'sbom.cdx.json', '/app/'] },
    { from: null, paths: ['slate', '/app/slate'] },
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
