import { useSignal } from '@preact/signals';
import { callApi, toApiFailure } from './api.ts';
import { nowMs } from './clock.ts';
import { failureText } from './failure-text.ts';
import { usePoll } from './poll.ts';
import { type StudioEvent, toneOf } from './stream-events.ts';
import { formats, text } from './text.ts';

const PAUSE_MS = 6_000;
const PAGE_SIZE = 20;

interface EventPage {
  readonly events: readonly StudioEvent[];
  readonly nextCursor: string | null;
}

/** What happened to a stream, newest first. */
export function TimelinePanel({ streamId }: { readonly streamId: string }) {
  const newest = useSignal<EventPage | null>(null);
  const earlier = useSignal<EventPage | null>(null);
  const failure = useSignal<string | null>(null);
  const read = (cursor: string | null) => {
    const query = new URLSearchParams({ limit: `${PAGE_SIZE}`, ...(cursor !== null && { cursor }) });
    return callApi<EventPage>({ path: `/api/streams/${streamId}/events?${query}` });
  };
  usePoll(async () => (newest.value = await read(null)), PAUSE_MS, [streamId]);
  const nextCursor = (earlier.value ?? newest.value)?.nextCursor ?? null;
  const showMore = async () => {
    try {
      const page = await read(nextCursor);
      earlier.value = { ...page, events: [...(earlier.value?.events ?? []), ...page.events] };
      failure.value = null;
    } catch (error) {
      failure.value = failureText(toApiFailure(error));
    }
  };
  const events = withoutRepeats([...(newest.value?.events ?? []), ...(earlier.value?.events ?? [])]);
  return (
    <section class="card">
      <header>
        <h2>{text.timeline.heading}</h2>
      </header>
      {newest.value !== null && events.length === 0 && <p class="soft small">{text.timeline.none}</p>}
      <ol class="timeline">
        {events.map((event) => (
          <li key={event.id} data-tone={toneOf(event)}>
            <span>{text.timeline.says(event)}</span>
            <When at={event.time} />
          </li>
        ))}
      </ol>
      {failure.value !== null && (
        <p class="notice bad" role="alert">
          {failure.value}
        </p>
      )}
      {nextCursor !== null && (
        <button type="button" class="button plain" onClick={() => void showMore()}>
          {text.timeline.more}
        </button>
      )}
    </section>
  );
}

function When({ at }: { readonly at: string }) {
  const atMs = Date.parse(at);
  return (
    <time class="soft small" dateTime={at} title={formats.moment(atMs)}>
      {formats.relative(atMs, nowMs.value)}
    </time>
  );
}

/** Newer events move what was on the first page to the second. */
function withoutRepeats(events: readonly StudioEvent[]): readonly StudioEvent[] {
  return [...new Map(events.map((event) => [event.id, event])).values()];
}
