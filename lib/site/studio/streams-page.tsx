import { computed, signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { callApi } from './api.ts';
import { usePoll } from './poll.ts';
import { STUDIO_LINKS } from './route.ts';
import { may, session } from './session.ts';
import { StreamCard } from './stream-card.tsx';
import { StreamDialog } from './stream-dialog.tsx';
import { keepKey } from './stream-keys.ts';
import { activityOf, matches, type StudioStream, sortStreams } from './studio-stream.ts';
import { text } from './text.ts';

/** A page has at most one request in two seconds. Each page of the list is one. */
const PAUSE_PER_REQUEST_MS = 2_500;
const SHORTEST_PAUSE_MS = 5_000;
const PAGE_SIZE = 100;

type Filter = 'all' | 'live' | 'offline';

/** Null before the first answer. It stays while another page is shown, so that coming back shows it at once. */
const streams = signal<readonly StudioStream[] | null>(null);
const sorted = computed(() => sortStreams(streams.value ?? []));
const hasFailed = signal(false);
const pauseMs = signal(SHORTEST_PAUSE_MS);

async function load(): Promise<void> {
  const found: StudioStream[] = [];
  let requests = 0;
  let cursor: string | null = null;
  try {
    do {
      const query = new URLSearchParams({ limit: `${PAGE_SIZE}`, ...(cursor !== null && { cursor }) });
      const page: StreamPageBody = await callApi<StreamPageBody>({ path: `/api/streams?${query}` });
      found.push(...page.streams);
      cursor = page.nextCursor;
      requests += 1;
    } while (cursor !== null);
  } catch (error) {
    hasFailed.value = true;
    throw error;
  }
  hasFailed.value = false;
  pauseMs.value = Math.max(SHORTEST_PAUSE_MS, requests * PAUSE_PER_REQUEST_MS);
  streams.value = found;
}

interface StreamPageBody {
  readonly streams: readonly StudioStream[];
  readonly nextCursor: string | null;
}

/** The list of streams. */
export function StreamsPage() {
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const [isCreating, setCreating] = useState(false);
  usePoll(load, pauseMs.value, [session.value, pauseMs.value]);
  const isOn = (stream: StudioStream) => activityOf(stream) !== 'idle';
  const shown = sorted.value.filter(
    (stream) => matches(stream, search) && (filter === 'all' || (filter === 'live') === isOn(stream)),
  );
  const liveCount = sorted.value.filter((stream) => activityOf(stream) === 'live').length;
  const mayCreate =
    may('streams:write') && session.value.state === 'signed-in' && session.value.session.streamId === null;
  return (
    <>
      <header class="page-header">
        <div>
          <h1>{text.list.heading}</h1>
          <p class="soft small numbers" role="status">
            {streams.value === null ? text.loading : text.list.count(shown.length, liveCount)}
          </p>
        </div>
        {mayCreate && (
          <button type="button" class="button primary" onClick={() => setCreating(true)}>
            <Icon name="add" />
            {text.list.create}
          </button>
        )}
      </header>
      {hasFailed.value && (
        <p class="notice bad" role="alert">
          <Icon name="warning" />
          {text.unreachable}
        </p>
      )}
      {(streams.value?.length ?? 0) > 0 && (
        <div class="toolbar">
          <input
            class="input"
            type="search"
            aria-label={text.list.search}
            placeholder={text.list.search}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
          <Filters filter={filter} onChange={setFilter} />
        </div>
      )}
      {streams.value === null && !hasFailed.value && <Skeletons />}
      {streams.value?.length === 0 && <Empty mayCreate={mayCreate} onCreate={() => setCreating(true)} />}
      {streams.value !== null && streams.value.length > 0 && shown.length === 0 && (
        <p class="soft">{text.list.noMatch}</p>
      )}
      <ul class="stream-grid">
        {shown.map((stream) => (
          <li key={stream.id}>
            <StreamCard stream={stream} />
          </li>
        ))}
      </ul>
      {isCreating && (
        <StreamDialog
          stream={null}
          onClose={() => setCreating(false)}
          onSaved={(created) => {
            keepKey(created);
            streams.value = [...(streams.value ?? []), created];
            setCreating(false);
            location.hash = STUDIO_LINKS.stream(created.id);
          }}
        />
      )}
    </>
  );
}

function Filters({ filter, onChange }: { readonly filter: Filter; readonly onChange: (filter: Filter) => void }) {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{text.list.filterLabel}</legend>
      {(['all', 'live', 'offline'] as const).map((each) => (
        <label key={each}>
          <input type="radio" name="filter" checked={filter === each} onChange={() => onChange(each)} />
          <span>{text.list[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}

const Skeletons = () => (
  <ul class="stream-grid" aria-hidden="true">
    {[1, 2, 3, 4].map((each) => (
      <li key={each} class="skeleton stream-skeleton" />
    ))}
  </ul>
);

function Empty({ mayCreate, onCreate }: { readonly mayCreate: boolean; readonly onCreate: () => void }) {
  return (
    <section class="card empty">
      <Icon name="live" />
      <h2>{text.list.none}</h2>
      <p class="soft">{mayCreate ? text.list.noneLead : text.list.noneOwn}</p>
      {mayCreate && (
        <button type="button" class="button primary" onClick={onCreate}>
          {text.list.create}
        </button>
      )}
    </section>
  );
}
