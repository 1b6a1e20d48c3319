import type { Logger } from 'pino';
import { z } from 'zod';
import type { HeadendEvent } from '#domain/events.ts';
import { type AwsEndpointAddress, type AwsRequest, startAwsEndpoint } from './aws-endpoint.ts';
import { type ListeningServer, LOOPBACK } from './http-server.ts';

export interface EventBusOptions {
  /** Called for every event, in the order of the PutEvents calls. */
  readonly onEvent: (event: HeadendEvent) => void;
  readonly log: Logger;
  /** @default any free port of 127.0.0.1 */
  readonly address?: AwsEndpointAddress;
}

/** Size limit of a PutEvents call (EventBridge quotas). */
const BODY_LIMIT_BYTES = 1024 * 1024;
const PUT_EVENTS_TARGET = 'AWSEvents.PutEvents';

const putEventsSchema = z.object({
  Entries: z
    .array(z.object({ DetailType: z.string(), Detail: z.string() }))
    .min(1)
    .max(10),
});
/** The detail of an entry, which is the event itself. The platform's own encoder sends nothing else. */
const eventSchema = z.looseObject({ id: z.string(), type: z.string(), time: z.string() });

interface PutEventsAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Serves EventBridge's PutEvents. All bus names are the same bus. */
export async function startEventBus({ onEvent, log, address = LOOPBACK }: EventBusOptions): Promise<ListeningServer> {
  return startAwsEndpoint({
    ...{ service: 'events', address, bodyLimitBytes: BODY_LIMIT_BYTES, log },
    answer: async (request, response) => {
      const { status, body } = answer(request, onEvent);
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    },
  });
}

function answer({ head, body }: AwsRequest, onEvent: EventBusOptions['onEvent']): PutEventsAnswer {
  if (head.headers['x-amz-target'] !== PUT_EVENTS_TARGET) return refuse('UnknownOperationException');
  if (body === null) return refuse('ValidationException');
  const entries = parseEntries(body.toString());
  if (entries === null) return refuse('ValidationException');
  const results = entries.map((entry) => putEvent(entry.Detail, onEvent));
  return {
    status: 200,
    body: { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results },
  };
}

function parseEntries(text: string): z.infer<typeof putEventsSchema>['Entries'] | null {
  const parsed = putEventsSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data.Entries : null;
}

function putEvent(detail: string, onEvent: EventBusOptions['onEvent']): { readonly [field: string]: string } {
  const event = eventSchema.safeParse(parseJson(detail));
  if (!event.success) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is not an event.' };
  onEvent(event.data as unknown as HeadendEvent);
  return { EventId: event.data.id };
}

/** Undefined if the text is not JSON. No schema accepts undefined. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refuse = (type: string): PutEventsAnswer => ({ status: 400, body: { __type: type, message: type } });
