import { useSignal } from '@preact/signals';
import { HEALTH_MEASURES, type HealthReport } from '#domain/health-report.ts';
import { Icon } from '../ui/icon.tsx';
import { HealthChart } from './health-chart.tsx';
import { isBad, type MeasureName, measureText } from './health-measures.ts';
import { usePoll } from './poll.ts';
import type { StudioStream } from './studio-stream.ts';
import { formats, text } from './text.ts';

const PAUSE_MS = 2_000;
const ANSWER_TIMEOUT_MS = 8_000;

export interface HealthPanelProps {
  readonly stream: StudioStream;
  /** Null until there is access. */
  readonly healthUrl: string | null;
}

/** How a broadcast is doing, as its broadcaster reads it. */
export function HealthPanel({ stream, healthUrl }: HealthPanelProps) {
  const report = useSignal<HealthReport | null>(null);
  const isPublished = stream.publisher.state === 'connected';
  usePoll(
    async () => {
      if (healthUrl === null || !isPublished) return;
      const response = await fetch(healthUrl, { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      if (!response.ok) throw new Error(`health.json: ${response.status}`);
      report.value = (await response.json()) as HealthReport;
    },
    PAUSE_MS,
    [healthUrl, isPublished],
  );
  const health = isPublished ? report.value : null;
  const now = isPublished ? (report.value?.now ?? stream.health) : null;
  return (
    <section class="card">
      <header>
        <h2>{text.health.heading}</h2>
        {health !== null && <span class="soft small">{text.health.last}</span>}
      </header>
      {now === null ? (
        <p class="soft small">{text.health.none}</p>
      ) : (
        <div class="stack">
          <Warnings warnings={now.warnings} />
          <p class="soft small numbers">
            {text.health.source}: {sourceText(now)}
            {now.ingest && ` · ${text.health.backup(now.ingest.standby ?? '–')}`}
          </p>
        </div>
      )}
      {health !== null && (
        <div class="charts">
          {HEALTH_MEASURES.map((name) => (
            <Measure key={name} name={name} health={health} />
          ))}
        </div>
      )}
    </section>
  );
}

/** Read out when they change. */
function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  return (
    <div role="status" class="stack">
      {warnings.length === 0 && <span class="chip good">{text.health.good}</span>}
      {warnings.map((warning) => (
        <p key={warning} class="notice warn">
          <Icon name="warning" />
          {warning}
        </p>
      ))}
    </div>
  );
}

function Measure({ name, health }: { readonly name: MeasureName; readonly health: HealthReport }) {
  const value = health.now?.[name] ?? null;
  const known = health.history[name].filter((each) => each !== null);
  const summary =
    known.length === 0
      ? ''
      : text.health.summary(measureText(name, Math.min(...known)), measureText(name, Math.max(...known)));
  return (
    <figure class="measure" data-bad={isBad(name, value)}>
      <figcaption>
        <span class="soft small">{text.health[name]}</span>
        <span class="measure-value numbers">{measureText(name, value)}</span>
        <span class="visually-hidden">{summary}</span>
      </figcaption>
      <HealthChart name={name} health={health} />
    </figure>
  );
}

function sourceText({ width, height, videoCodec, audioCodec, frameRate }: NonNullable<StudioStream['health']>): string {
  const size = width === null || height === null ? null : `${width} × ${height}`;
  const rate = frameRate === null ? null : `${formats.number(frameRate)} fps`;
  return [size, rate, videoCodec, audioCodec].filter((each) => each !== null).join(' · ');
}
