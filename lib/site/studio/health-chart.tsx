import { useEffect, useRef } from 'preact/hooks';
import uPlot, { type AlignedData, type Options } from 'uplot';
import type { HealthReport } from '#domain/health-report.ts';
import { type MeasureName, measureText } from './health-measures.ts';
import { formats } from './text.ts';

const HEIGHT_PIXELS = 72;
/** The least that a scale reaches, so that small changes don't look like large ones. */
const TOPS: Readonly<Record<MeasureName, number>> = {
  inputKbps: 1_000,
  frameRate: 30,
  keyframeIntervalSeconds: 4,
  encoderSpeed: 1.2,
  audioLevelDb: 0,
  droppedFrames: 10,
};
const AUDIO_FLOOR_DB = -60;
const HISTORY_SECONDS = 600;

/** Ten minutes of one measure. Readers of screens have its caption instead. */
export function HealthChart({ name, health }: { readonly name: MeasureName; readonly health: HealthReport }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const chart = new uPlot(optionsOf(name, element), dataOf(name, health), element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT_PIXELS }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [name]);
  useEffect(() => plot.current?.setData(dataOf(name, health)), [health]);
  return <div ref={box} class="chart" aria-hidden="true" />;
}

/** Times are in seconds since 1970, as uPlot has them. */
function dataOf(name: MeasureName, { history, sampleSeconds, endsAt }: HealthReport): AlignedData {
  const values = history[name];
  const endSeconds = Date.parse(endsAt) / 1_000;
  return [values.map((_value, index) => endSeconds - (values.length - 1 - index) * sampleSeconds), [...values]];
}

function optionsOf(name: MeasureName, element: HTMLElement): Options {
  const colour = (token: string) => () => getComputedStyle(element).getPropertyValue(token);
  return {
    width: element.clientWidth,
    height: HEIGHT_PIXELS,
    legend: { show: false },
    cursor: { sync: { key: 'health' }, y: false, points: { size: 6 } },
    padding: [6, 4, 2, 4],
    axes: [{ show: false }, { show: false }],
    scales: {
      // Always ten minutes, so that the past does not look longer than it is.
      x: { range: (_chart, _first, last) => [last - HISTORY_SECONDS, last] },
      y: {
        range: (_chart, lowest, highest) =>
          name === 'audioLevelDb'
            ? [Math.min(AUDIO_FLOOR_DB, lowest ?? 0), TOPS[name]]
            : [0, Math.max(TOPS[name], (highest ?? 0) * 1.1)],
      },
    },
    series: [
      {},
      {
        stroke: colour('--chart-line'),
        fill: colour('--chart-fill'),
        width: 1.5,
        spanGaps: false,
        // A value without neighbours has no line.
        points: { filter: (chart, index) => lonelyIndices(chart.data[index] ?? []), size: 4 },
      },
    ],
    hooks: { setCursor: [(chart) => showValue(name, chart, element)] },
  };
}

function lonelyIndices(values: ArrayLike<number | null | undefined>): number[] {
  const isKnown = (index: number) => (values[index] ?? null) !== null;
  const indices = Array.from({ length: values.length }, (_value, index) => index);
  return indices.filter((index) => isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1));
}

/** The value under the pointer. */
function showValue(name: MeasureName, chart: uPlot, element: HTMLElement): void {
  const index = chart.cursor.idx;
  const atSeconds = index === null || index === undefined ? undefined : chart.data[0][index];
  const value = index === null || index === undefined ? null : (chart.data[1]?.[index] ?? null);
  element.title = atSeconds === undefined ? '' : `${formats.time(atSeconds * 1_000)}: ${measureText(name, value)}`;
}
