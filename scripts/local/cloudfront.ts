import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { type AwsRequest, startAwsEndpoint } from './aws-endpoint.ts';
import type { EdgeCache } from './edge-cache.ts';
import { type ListeningServer, LOOPBACK } from './http-server.ts';

/** The only distribution on this machine. */
export const LOCAL_DISTRIBUTION_ID = 'LOCAL';

export interface LocalCloudFrontOptions {
  readonly cache: Pick<EdgeCache, 'invalidate'>;
  readonly log: Logger;
}

/** CloudFront takes 3,000 paths of 4,000 characters. Headend sends a few short ones. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** Older invalidations are forgotten. */
const KEPT_INVALIDATIONS = 1_000;

const INVALIDATION_PATH = /^\/2020-05-31\/distribution\/([^/?]+)\/invalidation(?:\/([^/?]+))?$/;
const NAMESPACE = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"';
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface Batch {
  readonly reference: string;
  readonly paths: readonly string[];
}

interface Invalidation {
  readonly id: string;
  readonly batch: Batch;
  readonly createdAt: string;
}

interface XmlAnswer {
  readonly status: number;
  readonly body: string;
}

/** Serves CloudFront's CreateInvalidation and GetInvalidation (REST with XML), for the cache of the local edge. */
export async function startLocalCloudFront({ cache, log }: LocalCloudFrontOptions): Promise<ListeningServer> {
  /** By reference. */
  const invalidations = new LRUCache<string, Invalidation>({ max: KEPT_INVALIDATIONS });
  return startAwsEndpoint({
    ...{ service: 'cloudfront', address: LOOPBACK, bodyLimitBytes: BODY_LIMIT_BYTES, log },
    answer: async (request, response) => {
      const { status, body } = answer(request, invalidations, cache);
      response.writeHead(status, { 'Content-Type': 'text/xml' }).end(`<?xml version="1.0"?>\n${body}`);
    },
  });
}

function answer(
  { head, body }: AwsRequest,
  invalidations: LRUCache<string, Invalidation>,
  cache: LocalCloudFrontOptions['cache'],
): XmlAnswer {
  const [, distributionId, id] = INVALIDATION_PATH.exec(head.url ?? '') ?? [];
  if (distributionId !== LOCAL_DISTRIBUTION_ID) return refuse(404, 'NoSuchDistribution');
  if (head.method === 'GET' && id !== undefined) {
    const known = [...invalidations.values()].find((each) => each.id === id);
    return known === undefined ? refuse(404, 'NoSuchInvalidation') : toAnswer(200, known, 'Completed');
  }
  if (head.method !== 'POST' || id !== undefined) return refuse(404, 'InvalidAction');
  const batch = body === null ? 'InvalidArgument' : parseBatch(body.toString());
  return typeof batch === 'string' ? refuse(400, batch) : create(batch, invalidations, cache);
}

function create(
  batch: Batch,
  invalidations: LRUCache<string, Invalidation>,
  cache: LocalCloudFrontOptions['cache'],
): XmlAnswer {
  const known = invalidations.get(batch.reference);
  if (known !== undefined && !isDeepStrictEqual(known.batch, batch)) return refuse(400, 'InvalidArgument');
  const invalidation = known ?? { id: randomUUID(), batch, createdAt: new Date().toISOString() };
  if (known === undefined) for (const path of batch.paths) cache.invalidate(path);
  invalidations.set(batch.reference, invalidation);
  // The cache is empty already. Clients see what they see in AWS: an invalidation takes a while.
  return toAnswer(201, invalidation, 'InProgress');
}

/**
 * The name of an error if it is not a batch. The SDK escapes five characters (XML 1.0, 4.6), and this needs no more of
 * XML.
 */
function parseBatch(xml: string): Batch | 'InvalidArgument' | 'InconsistentQuantities' {
  const paths = [...xml.matchAll(/<Path>([^<]*)<\/Path>/g)].map(([, path = '']) => fromXml(path));
  const reference = /<CallerReference>([^<]+)<\/CallerReference>/.exec(xml)?.[1];
  const quantity = /<Quantity>(\d+)<\/Quantity>/.exec(xml)?.[1];
  if (Number(quantity) !== paths.length) return 'InconsistentQuantities';
  const areValid = paths.length > 0 && paths.every((path) => /^\/[^*]*\*?$/.test(path));
  return reference !== undefined && areValid ? { reference: fromXml(reference), paths } : 'InvalidArgument';
}

const fromXml = (text: string): string =>
  text.replaceAll(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);

const toXml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => {
    const name = Object.keys(ENTITIES).find((entity) => ENTITIES[entity] === character);
    return `&${name};`;
  });

function toAnswer(status: number, { id, batch, createdAt }: Invalidation, state: string): XmlAnswer {
  const items = batch.paths.map((path) => `<Path>${toXml(path)}</Path>`).join('');
  const paths = `<Paths><Quantity>${batch.paths.length}</Quantity><Items>${items}</Items></Paths>`;
  const reference = `<CallerReference>${toXml(batch.reference)}</CallerReference>`;
  const body =
    `<Invalidation ${NAMESPACE}><Id>${id}</Id><Status>${state}</Status><CreateTime>${createdAt}</CreateTime>` +
    `<InvalidationBatch>${paths}${reference}</InvalidationBatch></Invalidation>`;
  return { status, body };
}

const refuse = (status: number, code: string): XmlAnswer => ({
  status,
  body:
    `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error>` +
    '<RequestId>local</RequestId></ErrorResponse>',
});
