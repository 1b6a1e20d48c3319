import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { resolveStage } from '#config/resolve-stage.ts';
import type { ResolvedStage, StageConfig } from '#config/stage-config.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { compareServices, type EventCost, eventCosts, toEventCost } from './comparison.ts';
import type { CostLine } from './cost.ts';
import { costTexts, linesUsdText, UNCONFIRMED } from './cost-text.ts';
import { IDLE_MONTH, type PlannedEvent } from './event.ts';
import { BYTES_PER_GB, viewerHour } from './media-usage.ts';
import { SERVICES } from './services.ts';

const README_PATH = fileURLToPath(new URL('../../README.md', import.meta.url));
const BEGIN = '<!-- Written by `npm run plan -- --write-readme`. -->';
const END = '<!-- End of what is written. -->';

/** An hour of one stream with so many viewers that what the origin sends hardly counts. */
const USUAL_HOUR: PlannedEvent = {
  viewers: 1_000,
  hours: 1,
  streams: 1,
  ladder: '720p',
  rung: '720p',
  latency: 'low',
  isFreeUsedUp: true,
};

/** Writes the tables of README again, and returns its path. Throws a UserError if it has no place for them. */
export async function writeReadme(stages: readonly StageConfig[]): Promise<string> {
  const text = await readFile(README_PATH, 'utf8');
  await writeFile(README_PATH, withCostTables(text, stages));
  return README_PATH;
}

/** The text with the tables of these stages in their place. Throws a UserError if it has no place for them. */
export function withCostTables(text: string, stages: readonly StageConfig[]): string {
  const [before, rest, ...more] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UserError(`README.md must have one line ${BEGIN} and a line ${END} after it.`);
  }
  return `${before}${BEGIN}\n\n${costTables(stages.map(resolveStage))}\n\n${END}${after}`;
}

function costTables(stages: readonly ResolvedStage[]): string {
  return [
    'US dollars for a month of 730 hours in us-east-1 at list prices, while nobody is on air or watching:',
    idleTable(stages),
    'An hour of a stream without viewers, with what the stage costs in that hour, and an hour of a viewer who watches 720p:',
    hourTable(stages),
    `The same hour of a 720p stream with ${USUAL_HOUR.viewers.toLocaleString('en-US')} viewers, with other services of AWS:`,
    serviceTable(stages),
    SERVICES.map(({ name, note }) => `- ${name}: ${note}.`).join('\n'),
    `\`${UNCONFIRMED}\` marks prices that were found in no document, and sums with them. All prices are in \`scripts/plan/prices.ts\`, with sources.`,
  ].join('\n\n');
}

function idleTable(stages: readonly ResolvedStage[]): string {
  const idle = stages.map((stage) => ({ stage, lines: eventCosts(stage, IDLE_MONTH) }));
  const categories = new Set(idle.flatMap(({ lines }) => lines.map(({ category }) => category)));
  return markdownTable([
    ['', ...stages.map(({ name }) => `\`${name}\``)],
    ...[...categories].map((category) => [
      category,
      ...idle.map(({ stage, lines }) => categoryCell(stage, category, lines)),
    ]),
    ['**together**', ...idle.map(({ lines }) => `**${linesUsdText(lines, 2)}**`)],
  ]);
}

function categoryCell({ minTasks, task }: ResolvedStage, category: string, lines: readonly CostLine[]): string {
  const own = lines.filter((line) => line.category === category);
  if (own.length === 0) return '–';
  const usd = linesUsdText(own, 2);
  return category === 'encoder tasks' ? `${usd} (${minTasks} × ${task.vCpus} vCPUs, ${task.memoryGib} GiB)` : usd;
}

function hourTable(stages: readonly ResolvedStage[]): string {
  const rows = LATENCY_NAMES.map((latency) => {
    const event = { ...USUAL_HOUR, latency };
    const { bytes, requests } = viewerHour(event);
    const costs = stages.map((stage) => eventCost(stage, event));
    return [
      `viewer, \`${latency}\``,
      `${(bytes / BYTES_PER_GB).toFixed(2)} GB, ${requests.toLocaleString('en-US')} requests`,
      ...costs.map((cost) => costTexts(cost, 3).viewerHour),
    ];
  });
  const streams = stages.map((stage) => eventCost(stage, USUAL_HOUR));
  return markdownTable([
    ['', '', ...stages.map(({ name }) => `\`${name}\``)],
    ['stream', '', ...streams.map((cost) => costTexts(cost, 3).streamHour)],
    ...rows,
  ]);
}

function serviceTable(stages: readonly ResolvedStage[]): string {
  const own = stages.map((stage) => ({ name: `Headend, \`${stage.name}\``, cost: eventCost(stage, USUAL_HOUR) }));
  const others = stages.slice(-1).flatMap((stage) => compareServices(stage, USUAL_HOUR));
  return markdownTable([
    ['', 'stream-hour', 'viewer-hour', 'together'],
    ...[...own, ...others].map(({ name, cost }) => [name, ...(cost === null ? ['–', '–', '–'] : hourCells(cost))]),
  ]);
}

function hourCells(cost: EventCost): string[] {
  const { streamHour, viewerHour, together } = costTexts(cost, 3);
  return [streamHour, viewerHour, together];
}

const eventCost = (stage: ResolvedStage, event: PlannedEvent): EventCost =>
  toEventCost(eventCosts(stage, event), event);

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ');
  return [toLine(head), `|${'---|'.repeat(head.length)}`, ...rows.map(toLine)].join('\n');
}
