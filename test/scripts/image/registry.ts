import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

/** What the registry answers for a tag. */
export interface StoredIndex {
  readonly type: string;
  readonly body: string;
  /** @default the body's own digest */
  readonly claimedDigest?: string;
}

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** A list of an image's platforms. `label` makes it different from another one. */
export function imageIndex(label: string, platforms = ['amd64', 'arm64']): StoredIndex {
  const manifests = platforms.map((architecture) => ({ platform: { os: 'linux', architecture } }));
  return { type: OCI_INDEX, body: JSON.stringify({ schemaVersion: 2, manifests, annotations: { label } }) };
}

export const digestOf = ({ body }: StoredIndex): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;

/**
 * A registry as Docker Hub's: it names where a token is to be had, and answers only to that token. `indexes` are by
 * repository and tag, such as `library/debian:trixie-slim`.
 */
export async function startRegistry(indexes: ReadonlyMap<string, StoredIndex>) {
  const tokens = new Map<string, string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://registry');
    if (url.pathname === '/token') {
      const token = randomBytes(12).toString('hex');
      tokens.set(`Bearer ${token}`, url.searchParams.get('scope') ?? '');
      response.end(JSON.stringify({ token }));
      return;
    }
    const [, repository = '', tag = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url.pathname) ?? [];
    const scope = `repository:${repository}:pull`;
    if (tokens.get(request.headers.authorization ?? '') !== scope) {
      const realm = `http://${request.headers.host}/token`;
      const challenge = `Bearer realm="${realm}",service="registry.test",scope="${scope}"`;
      response.writeHead(401, { 'WWW-Authenticate': challenge }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      return;
    }
    const index = indexes.get(`${repository}:${tag}`);
    if (index === undefined || !(request.headers.accept ?? '').includes(OCI_INDEX)) {
      response.writeHead(404).end();
      return;
    }
    const digest = index.claimedDigest ?? digestOf(index);
    response.writeHead(200, { 'Content-Type': index.type, 'Docker-Content-Digest': digest }).end(index.body);
  });
  return listenOnLoopback(server);
}
