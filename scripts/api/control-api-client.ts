import { z } from 'zod';
import type { SlateImageType } from '#domain/slate-images.ts';
import { auditListSchema } from '#functions/control-api/audit-schemas.ts';
import { type PurgeBody, purgeSchema } from '#functions/control-api/purge-schemas.ts';
import {
  previewTokenSchema,
  type StreamBody,
  stopSchema,
  streamListSchema,
  streamSchema,
  streamWithBackupKeySchema,
  streamWithKeySchema,
  viewerTokenSchema,
} from '#functions/control-api/schemas.ts';
import { createdInviteSchema, inviteListSchema, sessionListSchema } from '#functions/control-api/session-schemas.ts';
import { drainSchema, type TaskBody, taskListSchema } from '#functions/control-api/task-schemas.ts';
import { createdTokenSchema, tokenListSchema } from '#functions/control-api/token-schemas.ts';
import { type TraceBody, traceSchema } from '#functions/control-api/trace-schemas.ts';
import { ApiTransport, type ApiTransportOptions, type ApiUpload } from './api-transport.ts';

/** The fields that all events share. Each type adds its own. */
const eventSchema = z.looseObject({ id: z.string(), time: z.string(), type: z.string() });

export type ApiEvent = z.infer<typeof eventSchema>;
export type StreamWithKey = z.infer<typeof streamWithKeySchema>;
export type StreamWithBackupKey = z.infer<typeof streamWithBackupKeySchema>;
export type CreatedToken = z.infer<typeof createdTokenSchema>;
export type ListedToken = z.infer<typeof tokenListSchema>['tokens'][number];
export type AuditEntryBody = z.infer<typeof auditListSchema>['entries'][number];
export type CreatedInvite = z.infer<typeof createdInviteSchema>;
export type ListedInvite = z.infer<typeof inviteListSchema>['invites'][number];
export type ListedSession = z.infer<typeof sessionListSchema>['sessions'][number];
export type PreviewToken = z.infer<typeof previewTokenSchema>;
export type ViewerToken = z.infer<typeof viewerTokenSchema>;

/** A token to create. What is left out gets the API's default: scope `admin`, all streams, no expiry. */
export interface NewTokenSettings {
  readonly name: string;
  readonly scope?: string | undefined;
  readonly streamId?: string | undefined;
  /** ISO 8601. */
  readonly expiresAt?: string | undefined;
}

/** A picture as its file has it. */
export interface PictureFile extends Pick<ApiUpload, 'data'> {
  readonly type: SlateImageType;
}

/** One page of a list. `nextCursor` is null on the last page. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly nextCursor: string | null;
}

/**
 * A client of the control API. Settings are passed on as they are: the API decides which values are valid. A call that
 * fails throws an ApiError.
 */
export class ControlApiClient {
  readonly #transport: ApiTransport;

  constructor(options: ApiTransportOptions) {
    this.#transport = new ApiTransport(options);
  }

  createStream(settings: object): Promise<StreamWithKey> {
    return this.#transport.post({ path: '/streams', body: settings }, streamWithKeySchema);
  }

  /** The query may have `limit` and `cursor`. */
  async listStreams(query: URLSearchParams): Promise<Page<StreamBody>> {
    const { streams, nextCursor } = await this.#transport.get(`/streams?${query}`, streamListSchema);
    return { entries: streams, nextCursor };
  }

  getStream(id: string): Promise<StreamBody> {
    return this.#transport.get(streamPath(id), streamSchema);
  }

  updateStream(id: string, settings: object, ifVersion: number | null = null): Promise<StreamBody> {
    return this.#transport.patch({ path: streamPath(id), body: settings, ifVersion }, streamSchema);
  }

  rotateKey(id: string, ifVersion: number | null = null): Promise<StreamWithKey> {
    return this.#transport.post({ path: `${streamPath(id)}/key`, ifVersion }, streamWithKeySchema);
  }

  /** Without a threshold, it is the usual one. */
  createBackupKey(id: string, failoverMs?: number, ifVersion: number | null = null): Promise<StreamWithBackupKey> {
    const body = failoverMs === undefined ? {} : { failoverMs };
    return this.#transport.post({ path: `${streamPath(id)}/backup-key`, body, ifVersion }, streamWithBackupKeySchema);
  }

  removeBackupKey(id: string, ifVersion: number | null = null): Promise<void> {
    return this.#transport.delete({ path: `${streamPath(id)}/backup-key`, ifVersion });
  }

  /** Gives the stream's slate a picture of its own. */
  putSlateImage(id: string, picture: PictureFile, ifVersion: number | null = null): Promise<StreamBody> {
    const { type: mediaType, data } = picture;
    return this.#transport.put({ path: `${streamPath(id)}/slate-image`, mediaType, data, ifVersion }, streamSchema);
  }

  removeSlateImage(id: string, ifVersion: number | null = null): Promise<void> {
    return this.#transport.delete({ path: `${streamPath(id)}/slate-image`, ifVersion });
  }

  /** The stream, which is on air or will be. */
  goLive(id: string): Promise<StreamBody> {
    return this.#transport.post({ path: `${streamPath(id)}/golive` }, streamSchema);
  }

  stopStream(id: string): Promise<{ readonly wasLive: boolean }> {
    return this.#transport.post({ path: `${streamPath(id)}/stop` }, stopSchema);
  }

  /** Begins to take a stream down. Its end is reached by looking at its status. */
  purgeStream(id: string): Promise<PurgeBody> {
    return this.#transport.post({ path: `${streamPath(id)}/purge` }, purgeSchema);
  }

  getPurge(id: string, purgeId: string): Promise<PurgeBody> {
    return this.#transport.get(`${streamPath(id)}/purges/${encodeURIComponent(purgeId)}`, purgeSchema);
  }

  /** What the publisher sent in the last minute, or in that before it left. */
  getTrace(id: string): Promise<TraceBody> {
    return this.#transport.get(`${streamPath(id)}/trace`, traceSchema);
  }

  deleteStream(id: string, ifVersion: number | null = null): Promise<void> {
    return this.#transport.delete({ path: streamPath(id), ifVersion });
  }

  createPreviewToken(id: string): Promise<PreviewToken> {
    return this.#transport.post({ path: `${streamPath(id)}/preview-tokens` }, previewTokenSchema);
  }

  createViewerToken(id: string, options: { readonly ttlSeconds?: number | undefined } = {}): Promise<ViewerToken> {
    return this.#transport.post({ path: `${streamPath(id)}/viewer-tokens`, body: options }, viewerTokenSchema);
  }

  /** The encoder tasks. One that has stopped reporting is `lost`. */
  async listTasks(): Promise<readonly TaskBody[]> {
    return (await this.#transport.get('/tasks', taskListSchema)).tasks;
  }

  /** Asks a task to drain. It begins within seconds. */
  drainTask(id: string): Promise<z.infer<typeof drainSchema>> {
    return this.#transport.post({ path: `/tasks/${encodeURIComponent(id)}/drain` }, drainSchema);
  }

  createAdminToken(settings: NewTokenSettings): Promise<CreatedToken> {
    return this.#transport.post({ path: '/tokens', body: settings }, createdTokenSchema);
  }

  /** The query may have `limit` and `cursor`. */
  async listAdminTokens(query: URLSearchParams): Promise<Page<ListedToken>> {
    const { tokens, nextCursor } = await this.#transport.get(`/tokens?${query}`, tokenListSchema);
    return { entries: tokens, nextCursor };
  }

  revokeAdminToken(id: string): Promise<void> {
    return this.#transport.delete({ path: `/tokens/${encodeURIComponent(id)}` });
  }

  createInvite(settings: { readonly name: string; readonly role: string }): Promise<CreatedInvite> {
    return this.#transport.post({ path: '/invites', body: settings }, createdInviteSchema);
  }

  /** Those that were not used. The query may have `limit` and `cursor`. */
  async listInvites(query: URLSearchParams): Promise<Page<ListedInvite>> {
    const { invites, nextCursor } = await this.#transport.get(`/invites?${query}`, inviteListSchema);
    return { entries: invites, nextCursor };
  }

  revokeInvite(id: string): Promise<void> {
    return this.#transport.delete({ path: `/invites/${encodeURIComponent(id)}` });
  }

  /** The query may have `limit` and `cursor`. */
  async listSessions(query: URLSearchParams): Promise<Page<ListedSession>> {
    const { sessions, nextCursor } = await this.#transport.get(`/sessions?${query}`, sessionListSchema);
    return { entries: sessions, nextCursor };
  }

  revokeSession(id: string): Promise<void> {
    return this.#transport.delete({ path: `/sessions/${encodeURIComponent(id)}` });
  }

  /** What was changed, the newest first. The query may have `limit` and `cursor`. A page may be empty. */
  async listChanges(query: URLSearchParams): Promise<Page<AuditEntryBody>> {
    return this.#transport.get(`/audit?${query}`, auditListSchema);
  }

  /**
   * Yields events until the feed ends or the signal aborts, which both throw an ApiError. Only the local platform has this feed.
   */
  followEvents(signal: AbortSignal): AsyncGenerator<ApiEvent> {
    return this.#transport.follow('/events', eventSchema, signal);
  }
}

const streamPath = (id: string): string => `/streams/${encodeURIComponent(id)}`;
