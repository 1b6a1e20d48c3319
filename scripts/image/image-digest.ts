import { createHash } from 'node:crypto';
import { z } from 'zod';
import { UserError } from '#scripts/terminal/errors.ts';

/** Where Docker Hub's registry is. */
export const DOCKER_HUB_URL = 'https://registry-1.docker.io';

/** An image that has a variant for each platform. */
export interface TaggedImage {
  /** As in a Dockerfile: `debian`, or `OWNER/NAME`. */
  readonly name: string;
  readonly tag: string;
}

/** What a registry calls the list of an image's platforms. */
const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
/** A task may run on either. */
const PLATFORMS = ['linux/amd64', 'linux/arm64'];
const ANSWER_LIMIT_MS = 30_000;
/** Real lists have about 10 kB. */
const MAX_BYTES = 1024 * 1024;

const indexSchema = z.object({
  manifests: z.array(z.object({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() })),
});
const tokenSchema = z.object({ token: z.string().min(1) });

/**
 * The digest that a tag has now, `sha256:` and 64 hexadecimal digits. It stands for all platforms of the image. Asks the
 * registry's HTTP API as anybody may, and computes the digest from the answer. Rejects with a UserError.
 */
export async function fetchImageDigest(image: TaggedImage, registryUrl = DOCKER_HUB_URL): Promise<string> {
  const repository = image.name.includes('/') ? image.name : `library/${image.name}`;
  const url = `${registryUrl}/v2/${repository}/manifests/${image.tag}`;
  const first = await get(url, {});
  const response = first.status === 401 ? await get(url, await authorization(first)) : first;
  if (!response.ok) throw new UserError(`${url} answers ${response.status}`);
  const type = response.headers.get('content-type')?.split(';')[0] ?? 'nothing';
  if (!INDEX_TYPES.includes(type)) throw new UserError(`${url} is ${type}, not a list of platforms`);
  const body = await readBounded(response);
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const claimed = response.headers.get('docker-content-digest') ?? digest;
  if (claimed !== digest) throw new UserError(`${url} has the digest ${digest}, not ${claimed} as the registry says`);
  const { manifests } = parse(indexSchema, body, url);
  const found = manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
  const missing = PLATFORMS.filter((platform) => !found.includes(platform));
  if (missing.length > 0) throw new UserError(`${url} is not for ${missing.join(' and ')}`);
  return digest;
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    return await fetch(url, { headers: { Accept: INDEX_TYPES.join(', '), ...headers }, signal });
  } catch (error) {
    throw new UserError(`${url} does not answer`, { cause: error });
  }
}

/** Gets the token that the refusal asks for. Anybody may have one that reads public images. */
async function authorization(refusal: Response): Promise<Record<string, string>> {
  const challenge = refusal.headers.get('www-authenticate') ?? '';
  const field = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const realm = field('realm');
  if (!challenge.startsWith('Bearer ') || !URL.canParse(realm)) {
    throw new UserError(`${refusal.url} asks for "${challenge}" instead of a token`);
  }
  const url = new URL(realm);
  for (const name of ['service', 'scope']) if (field(name) !== '') url.searchParams.set(name, field(name));
  const response = await get(url.href, {});
  if (!response.ok) throw new UserError(`${url.href} answers ${response.status}`);
  const { token } = parse(tokenSchema, await readBounded(response), url.href);
  return { Authorization: `Bearer ${token}` };
}

async function readBounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new UserError(`${response.url} has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse<Value>(schema: z.ZodType<Value>, body: Buffer, url: string): Value {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw new UserError(`${url} answers with something else than expected`, { cause: error });
  }
}
