import { formatTable, indent } from '#scripts/terminal/text-table.ts';
import type { ComparedCost } from './comparison.ts';
import type { CostLine, CostScope } from './cost.ts';
import { costTexts, UNCONFIRMED, usdText } from './cost-text.ts';
import { BYTES_PER_GB } from './media-usage.ts';
import type { Plan } from './plan.ts';

const SCOPES = {
  stage: 'the stage',
  streams: 'its streams',
  viewers: 'its viewers',
} as const satisfies Record<CostScope, string>;

/** A plan for people to read. */
export function planText(plan: Plan): string {
  const { comparison, warnings } = plan;
  return [
    ...warnings.map((warning) => `Not possible as the stage is: ${warning}.\n`),
    capacityText(plan),
    linesText(plan),
    comparedText(`Latency on ${plan.stage}`, comparison.latencies),
    comparedText('Stages', comparison.stages),
    comparedText('Other services of AWS', comparison.services),
    `Assumed\n${plan.assumptions.map((assumption) => `  - ${assumption}`).join('\n')}\n`,
    pricesText(plan.lines),
  ].join('\n');
}

function capacityText({ stage, event, fleet, delivery }: Plan): string {
  const { viewers, hours, streams, ladder, rung, latency } = event;
  const watched = rung === ladder ? '' : `, watched at ${rung}`;
  const rows = [
    [
      'tasks',
      `${fleet.tasks} (${fleet.minTasks} always), ${fleet.vCpus} vCPUs, ${fleet.memoryGib} GiB, ${fleet.architecture}`,
    ],
    ['a stream', `${fleet.streamVCpus} vCPUs; ${fleet.streamsPerTask} fit into a task`],
    ['to viewers', `${gb(delivery.bytes)}, ${count(delivery.requests)} requests`],
    ['from the origin', `${gb(delivery.originBytes)}, ${count(delivery.originRequests)} requests`],
  ];
  return [
    `${count(streams)} × ${ladder} for ${hours} h${watched}, latency ${latency}, ${count(viewers)} viewers, stage ${stage}`,
    `${indent(formatTable(rows))}\n`,
  ].join('\n');
}

function linesText(plan: Plan): string {
  const rows = plan.lines.map((line) => [
    SCOPES[line.scope],
    line.item,
    count(line.quantity),
    unitText(line),
    usdText(line.usd, 2, line.isConfirmed),
  ]);
  const { together, streamHour, viewerHour } = costTexts(plan, 4);
  const totals = [
    ['together', together],
    ['by the hour of a stream, without viewers', streamHour],
    ['by the hour of a viewer', viewerHour],
    [
      'the stage in a month without streams',
      usdText(plan.idleUsdPerMonth, 2, !plan.unconfirmedScopes.includes('stage')),
    ],
  ];
  return [
    'USD by line',
    indent(formatTable(rows, { isRightAligned: (column) => column === 2 || column === 4 })),
    '',
    `${indent(formatTable(totals, { isRightAligned: (column) => column === 1 }))}\n`,
  ].join('\n');
}

const unitText = ({ unit, quantity }: CostLine): string => (unit === 'GB' || quantity === 1 ? unit : `${unit}s`);

function comparedText(title: string, compared: readonly ComparedCost[]): string {
  const rows = compared.map(({ name, cost, note }) => {
    if (cost === null) return [name, '–', '–', '–', note ?? ''];
    const { together, streamHour, viewerHour } = costTexts(cost, 4);
    return [name, together, streamHour, viewerHour, note ?? ''];
  });
  const table = formatTable([['', 'USD', 'stream-hour', 'viewer-hour', ''], ...rows], {
    isRightAligned: (column) => column > 0 && column < 4,
  });
  return `${title}\n${indent(table)}\n`;
}

/** Says when the prices are from, and which were not confirmed. */
function pricesText(lines: readonly CostLine[]): string {
  const dates = new Map<string, Set<string>>();
  for (const { source, read, isConfirmed } of lines) {
    const date = `${read ?? 'undated'}${isConfirmed ? '' : UNCONFIRMED}`;
    dates.set(source, (dates.get(source) ?? new Set()).add(date));
  }
  return [
    'Prices',
    ...[...dates].map(([source, own]) => `  ${source} (${[...own].join(', ')})`),
    `  ${UNCONFIRMED} marks a price from memory that was found in no document, and sums with it.\n`,
  ].join('\n');
}

const gb = (bytes: number): string => `${count(bytes / BYTES_PER_GB)} GB`;

/** Three digits that mean something, and no decimals in large numbers. */
const count = (value: number): string =>
  value.toLocaleString('en-US', value < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 });
