import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PublishMode } from '#domain/environment.ts';
import { VIEWER_TOKEN_KEYS_NAME } from '#domain/viewer-tokens.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import { bundleEdgeFunction } from '#scripts/bundle.ts';
import type { AwsEndpointAddress } from './aws-endpoint.ts';
import { Closers } from './closers.ts';
import { startLocalCloudFront } from './cloudfront.ts';
import { EdgeCache } from './edge-cache.ts';
import { loadEdgeFunction } from './edge-function.ts';
import { startEdgeServer } from './edge-server.ts';
import { startEventBus } from './event-bus.ts';
import { EventFeed } from './event-feed.ts';
import { type ListenAddress, localUrl } from './http-server.ts';
import { startLocalAws } from './local-aws.ts';
import { createMediaGate, type MediaGate } from './media-gate.ts';
import { OriginProxy } from './origin-proxy.ts';
import { SiteFiles } from './site-files.ts';
import { loadWatchPages } from './watch-pages.ts';

export interface ManagedServicesOptions {
  /** A database that has all tables. */
  readonly dynamoDbUrl: string;
  /** Where each service listens. The edge's ports must not be 0. */
  readonly addresses: {
    readonly edge: readonly [ListenAddress, ...ListenAddress[]];
    readonly lambda: AwsEndpointAddress;
    readonly eventBus: AwsEndpointAddress;
  };
  /** Current addresses of the encoder tasks' origin servers, as this process reaches them. */
  readonly originUrls: () => readonly string[];
  /** By which the encoder tasks know the edge. */
  readonly edgeSecret: string;
  /** Whether the streams' keys or a backend decide about publishing. */
  readonly publishMode: PublishMode;
  /** Addresses at which broadcasters publish, and viewers and API clients connect, from their point of view. */
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  /** Whether other machines may use the edge's IP address. @default false */
  readonly answersToAddress?: boolean;
  readonly adminTokenHash: string;
  /** Keys of viewer tokens, as JSON. */
  readonly viewerTokenKeys: string;
  /** Folder for the built site and edge function. */
  readonly buildDir: string;
  /** Where `/` redirects. */
  readonly homePath: () => string;
  readonly log: Logger;
}

/** What AWS runs for a deployment besides encoder and database: functions, API, event bus, CloudFront and the site. */
export interface ManagedServices {
  /** Address of the control API, as this machine reaches it. */
  readonly apiUrl: string;
  readonly eventBusUrl: string;
  /** The stream records of the control API. */
  readonly streams: StreamStore;
  close(): Promise<void>;
}

/** Starts the services in this process. From then on, its AWS SDK talks to them and to the database. */
export function startManagedServices(options: ManagedServicesOptions): Promise<ManagedServices> {
  const closers = new Closers();
  return closers.guard(() => start(options, closers));
}

async function start(options: ManagedServicesOptions, closers: Closers): Promise<ManagedServices> {
  const { addresses, buildDir, homePath, playbackBaseUrl, answersToAddress, log } = options;
  const cache = new EdgeCache({ now: Date.now });
  const cloudFront = await startLocalCloudFront({ cache, log });
  closers.add(() => cloudFront.close());
  const siteDir = join(buildDir, 'site');
  const site = await SiteFiles.build(siteDir);
  const aws = await startLocalAws({
    ...{ ...options, cloudFrontUrl: cloudFront.url, lambdaAddress: addresses.lambda },
    pageFile: join(siteDir, 'watch.html'),
  });
  closers.add(() => aws.close());
  const pages = await loadWatchPages({ api: aws.apiOrigin, site, log });
  const origin = new OriginProxy({ ...options, cache });
  closers.add(() => origin.close());
  const apiUrl = `${localUrl(addresses.edge[0])}/api`;
  const events = new EventFeed({ apiUrl });
  closers.add(() => events.close());
  const bus = await startEventBus({ onEvent: (event) => events.publish(event), log, address: addresses.eventBus });
  closers.add(() => bus.close());
  const media = await buildMediaGate(options, origin);
  const edge = await startEdgeServer({
    ...{ addresses: addresses.edge, api: aws.api, events, media, pages, site, homePath, playbackBaseUrl },
    ...(answersToAddress !== undefined && { answersToAddress }),
  });
  closers.add(() => edge.close());
  return { apiUrl, eventBusUrl: bus.url, streams: aws.streams, close: () => closers.closeAll() };
}

/** Builds the viewer-token function as it is deployed, and puts it in front of the origin. */
async function buildMediaGate(
  { buildDir, viewerTokenKeys, log }: ManagedServicesOptions,
  origin: OriginProxy,
): Promise<MediaGate> {
  const { path } = await bundleEdgeFunction('viewer-token', buildDir);
  const keyValues = new Map([[VIEWER_TOKEN_KEYS_NAME, viewerTokenKeys]]);
  const edgeFunction = loadEdgeFunction({ code: await readFile(path, 'utf8'), keyValues, log });
  return createMediaGate({ edgeFunction, origin, log });
}
