import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { freePort } from '#kit/tcp-ports.ts';

const COMPOSE_PATH = fileURLToPath(new URL('../../containers/compose.yaml', import.meta.url));

const serviceSchema = z.strictObject({
  image: z.string().optional(),
  build: z.string().optional(),
  user: z.string().optional(),
  working_dir: z.string().optional(),
  // A string is split at blanks.
  command: z.union([z.array(z.string()), z.string().transform((words) => words.split(' '))]).default([]),
  env_file: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.array(z.string()).default([]),
  restart: z.string().optional(),
  init: z.boolean().default(false),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
});
const composeSchema = z.strictObject({
  name: z.string(),
  services: z.strictObject({ encoder: serviceSchema, edge: serviceSchema }),
  volumes: z.record(z.string(), z.null()),
});

export type Compose = z.infer<typeof composeSchema>;
export type ServiceName = keyof Compose['services'];
export const SERVICE_NAMES = ['encoder', 'edge'] as const satisfies readonly ServiceName[];

/** Reads containers/compose.yaml. Throws if it uses a setting that is unknown here. */
export function readCompose(): Compose {
  return composeSchema.parse(parse(readFileSync(COMPOSE_PATH, 'utf8')));
}

/** The ports that a service listens on, according to its variables and options. */
export function listeningPorts({ services }: Compose, name: ServiceName): number[] {
  const { environment, command } = services[name];
  const settings = [...Object.entries(environment).map(([key, value]) => `${key}=${value}`), ...command];
  return settings.flatMap((setting) => /(?:_PORT|-port)=(\d+)$/.exec(setting)?.[1] ?? []).map(Number);
}

/** The variables in the text of an `env_file`. */
export function parseEnvironmentFile(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** `127.0.0.1:HOST_PORT:CONTAINER_PORT`. */
export function parsePublishedPort(port: string) {
  const [, host, hostPort, containerPort] = /^(.+):(\d+):(\d+)$/.exec(port) ?? [];
  return { host, hostPort: Number(hostPort), containerPort: Number(containerPort) };
}

/** Rewrites one setting of a service for a machine without containers. */
export type Rewrite = (service: ServiceName, value: string) => string;

/**
 * Gives every listener of the services a free port of 127.0.0.1, and rewrites settings to match. The result throws for an
 * address on which no service listens, since a container could not connect to it.
 */
export async function composeOnLoopback(compose: Compose): Promise<Rewrite> {
  const ports = new Map<string, number>();
  for (const name of SERVICE_NAMES) {
    for (const port of listeningPorts(compose, name)) ports.set(`${name}:${port}`, await freePort());
    for (const { host, hostPort, containerPort } of compose.services[name].ports.map(parsePublishedPort)) {
      ports.set(`${host}:${hostPort}`, portOf(`${name}:${containerPort}`));
    }
  }
  function portOf(address: string): number {
    const port = ports.get(address);
    if (port === undefined) throw new Error(`compose.yaml: nothing listens on ${address}`);
    return port;
  }
  return (service, value) =>
    value
      .replace(/(?<=:\/\/)[^/:]+:\d+/, (address) => `127.0.0.1:${portOf(address)}`)
      .replace(/(?<=-port=)\d+$/, (port) => String(portOf(`${service}:${port}`)))
      .replace(/^\d+$/, (number) => String(ports.get(`${service}:${number}`) ?? number))
      .replace(/(?<==|^)0\.0\.0\.0$/, '127.0.0.1');
}
