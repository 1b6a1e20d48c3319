import { clockText } from '../ui/formats.ts';
import { nowMs } from './clock.ts';
import { STUDIO_LINKS } from './route.ts';
import { StreamPoster } from './stream-poster.tsx';
import { ACTIVITIES, activityOf, type StudioStream } from './studio-stream.ts';
import { formats, text } from './text.ts';

/** A stream in the list. */
export function StreamCard({ stream }: { readonly stream: StudioStream }) {
  const activity = activityOf(stream);
  const { chip, name } = ACTIVITIES[activity];
  return (
    <a class="stream-card" href={STUDIO_LINKS.stream(stream.id)} data-activity={activity}>
      <StreamPoster stream={stream} />
      <span class="stream-card-chip">
        <span class={chip}>{name}</span>
        {activity === 'live' && stream.startedAt !== null && <Uptime startedAt={stream.startedAt} />}
      </span>
      <span class="stream-card-text">
        <strong class="stream-card-title">{stream.title}</strong>
        <span class="soft small">
          {[stream.category, stream.owner && text.list.by(stream.owner.name)].filter(Boolean).join(' · ')}
        </span>
        {stream.health !== null && <Health stream={stream} />}
      </span>
    </a>
  );
}

/** Drawn by itself each second, not the whole card. */
function Uptime({ startedAt }: { readonly startedAt: string }) {
  return (
    <span class="chip no-dot numbers over-picture">
      <span class="visually-hidden">{text.list.uptime}</span>
      {clockText((nowMs.value - Date.parse(startedAt)) / 1_000)}
    </span>
  );
}

function Health({ stream: { health } }: { readonly stream: StudioStream }) {
  if (health === null) return null;
  const count = health.warnings.length;
  return (
    <span class="stream-card-health small numbers">
      <span class={count === 0 ? 'chip good' : 'chip warn'}>
        {count === 0 ? text.list.healthGood : text.list.warnings(count)}
      </span>
      <span class="soft">
        {[
          formats.bitrate(health.inputKbps),
          health.frameRate === null ? null : `${formats.number(health.frameRate)} fps`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </span>
  );
}
