import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { LOCAL_CREDENTIALS } from '#scripts/local/aws-environment.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

/** A topic as its attributes have it. */
export interface QueryTopic {
  readonly policy: string;
  readonly confirmed: number;
  readonly pending: number;
}

/** What the server has. It may be changed while the server runs. */
export interface QueryServerState {
  /** By region and stack name: the outputs. */
  readonly stacks: Record<string, Record<string, Record<string, string>>>;
  /** By ARN. */
  readonly topics: Record<string, QueryTopic>;
  /** ARNs that a notice was published to. */
  readonly notified: string[];
}

const CREDENTIAL_SCOPE = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//;

/** Starts a server with what the probe uses of the query APIs of CloudFormation and SNS. Stacks come one on a page. */
export async function startAwsQueryServer(state: QueryServerState) {
  const server = await listenOnLoopback(
    createServer(async (request, response) => {
      const query = new URLSearchParams(await text(request));
      const region = CREDENTIAL_SCOPE.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const action = query.get('Action') ?? '';
      const result = answerTo(action, query, region, state);
      if (result === null) {
        const error = '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>';
        return void response.writeHead(403, { 'content-type': 'text/xml' }).end(error);
      }
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(`<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`);
    }),
  );
  return {
    close: server.close,
    /** Points the SDK to the server. */
    environment: {
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION: server.url,
      AWS_ENDPOINT_URL_SNS: server.url,
      AWS_MAX_ATTEMPTS: '1',
    },
  };
}

function answerTo(
  action: string,
  query: URLSearchParams,
  region: string,
  { stacks, topics, notified }: QueryServerState,
): string | null {
  const arn = query.get('TopicArn') ?? '';
  const topic = arn.split(':')[3] === region ? topics[arn] : undefined;
  if (action === 'DescribeStacks') return stackPage(Object.entries(stacks[region] ?? {}), query.get('NextToken'));
  if (action === 'GetTopicAttributes' && topic !== undefined) return topicAttributes(topic);
  if (action === 'Publish' && topic !== undefined) {
    notified.push(arn);
    return element('MessageId', 'x');
  }
  return null;
}

function stackPage(stacks: [string, Record<string, string>][], nextToken: string | null): string {
  const index = Number(nextToken ?? 0);
  const members = stacks.slice(index, index + 1).map(([name, outputs]) => {
    const pairs = Object.entries(outputs).map(([key, value]) =>
      element('member', element('OutputKey', key) + element('OutputValue', escapeXml(value))),
    );
    return element('member', element('StackName', name) + element('Outputs', pairs.join('')));
  });
  const next = index + 1 < stacks.length ? element('NextToken', String(index + 1)) : '';
  return element('Stacks', members.join('')) + next;
}

function topicAttributes({ policy, confirmed, pending }: QueryTopic): string {
  const attributes = { Policy: policy, SubscriptionsConfirmed: confirmed, SubscriptionsPending: pending };
  const entries = Object.entries(attributes).map(([key, value]) =>
    element('entry', element('key', key) + element('value', escapeXml(String(value)))),
  );
  return element('Attributes', entries.join(''));
}

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
const escapeXml = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
