import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

/** A resource of a deployed stack. */
interface StackResourceRow {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

/** What an account contains. Tests change it. */
export interface AwsAccountState {
  account: string;
  /** Zones in the order of the answer. A type other than availability-zone is a local zone. */
  zones: readonly { readonly name: string; readonly id: string; readonly type?: string }[];
  /** Zone names by subnet id. */
  subnets: Readonly<Record<string, string>>;
  /** Resources by the name of a deployed stack. */
  stacks: Readonly<Record<string, readonly StackResourceRow[]>>;
  /** How many VPCs, addresses and CloudFront policies of one's own there are. */
  counts: { readonly vpcs: number; readonly addresses: number; readonly policies: number };
  /** Values by quota code. Others are 1000. Null for one that the account has no value of its own for, whose default is 10. */
  quotas: Readonly<Record<string, number | null>>;
  /** The error by which an operation fails, by its name. */
  errors: Readonly<Record<string, string>>;
  /** The operations that were called. */
  calls: string[];
}

/** Two zones of us-east-1 that have everything. */
export const GOOD_ZONES = [
  { name: 'us-east-1a', id: 'use1-az1' },
  { name: 'us-east-1b', id: 'use1-az2' },
];

const EMPTY = {
  account: '1'.repeat(12),
  zones: [],
  subnets: {},
  stacks: {},
  errors: {},
  quotas: {},
  counts: { vpcs: 1, addresses: 0, policies: 0 },
};

/**
 * Starts a server that answers as an AWS account's APIs do, in their wire formats: EC2's query protocol, the query protocol
 * of STS and CloudFormation, the JSON protocol of Service Quotas, and the REST protocol of CloudFront. It checks no signatures.
 */
export async function startAwsAccount(initial: Partial<AwsAccountState> = {}) {
  const state: AwsAccountState = { ...EMPTY, ...initial, calls: [] };
  const server = await listenOnLoopback(createServer((request, response) => void answer(state, request, response)));
  return {
    url: server.url,
    state,
    /** The SDK's variables that lead its clients here. */
    environment: Object.fromEntries(
      ['STS', 'EC2', 'CLOUDFORMATION', 'CLOUDFRONT', 'SERVICE_QUOTAS'].map((service) => [
        `AWS_ENDPOINT_URL_${service}`,
        server.url,
      ]),
    ),
    close: server.close,
  };
}

async function answer(state: AwsAccountState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers['x-amz-target'] !== undefined) return answerQuota(state, request, response);
  if (request.method === 'GET') return answerPolicies(state, request, response);
  const form = new URLSearchParams(await text(request));
  const operation = form.get('Action') ?? '';
  state.calls.push(operation);
  const isEc2 = operation.startsWith('Describe');
  const send = (status: number, xml: string): void =>
    void response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>${xml}`);
  const fail = (status: number, code: string, message: string): void => {
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
    const ec2Error = `<Response><Errors>${error}</Errors><RequestID>1</RequestID></Response>`;
    send(status, isEc2 ? ec2Error : `<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>`);
  };
  const error = state.errors[operation];
  if (error !== undefined) return fail(403, error, `you are not authorized to perform ${operation}`);
  switch (operation) {
    case 'GetCallerIdentity':
      return send(200, queryAnswer(operation, `<Account>${state.account}</Account>`));
    case 'ListStackResources': {
      const stack = form.get('StackName') ?? '';
      const resources = state.stacks[stack];
      if (resources === undefined) return fail(400, 'ValidationError', `Stack with id ${stack} does not exist`);
      return send(200, queryAnswer(operation, resourcePage(resources, Number(form.get('NextToken') ?? 0))));
    }
    case 'DescribeAvailabilityZones':
      return send(
        200,
        ec2Answer(operation, `<availabilityZoneInfo>${state.zones.map(zoneItem).join('')}</availabilityZoneInfo>`),
      );
    case 'DescribeVpcs':
      return send(200, ec2Answer(operation, `<vpcSet>${items(state.counts.vpcs, 'vpcId')}</vpcSet>`));
    case 'DescribeAddresses':
      return send(
        200,
        ec2Answer(operation, `<addressesSet>${items(state.counts.addresses, 'allocationId')}</addressesSet>`),
      );
    case 'DescribeSubnets': {
      const ids = [...form].flatMap(([name, value]) => (name.startsWith('SubnetId.') ? value : []));
      const subnets = ids.map((id) => item({ subnetId: id, availabilityZone: state.subnets[id] ?? '' }));
      return send(200, ec2Answer(operation, `<subnetSet>${subnets.join('')}</subnetSet>`));
    }
    default:
      return fail(400, 'InvalidAction', operation);
  }
}

/** Service Quotas: AWS JSON 1.1. */
async function answerQuota(state: AwsAccountState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const operation = String(request.headers['x-amz-target']).replace('ServiceQuotasV20190624.', '');
  state.calls.push(operation);
  const { QuotaCode = '' } = JSON.parse(await text(request)) as { readonly QuotaCode?: string };
  const send = (status: number, body: object): void =>
    void response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  const value = state.quotas[QuotaCode];
  const isMissing = operation === 'GetServiceQuota' && value === null;
  const error = state.errors[operation] ?? (isMissing ? 'NoSuchResourceException' : undefined);
  if (error !== undefined)
    return send(400, { __type: error, Message: `you are not authorized to perform ${operation}` });
  send(200, { Quota: { QuotaCode, Value: value === null ? 10 : (value ?? 1000) } });
}

/** CloudFront: REST with XML. Policies come in pages of two. */
function answerPolicies(state: AwsAccountState, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const kind = pathname.endsWith('/cache-policy') ? 'CachePolicy' : 'ResponseHeadersPolicy';
  const operation = kind === 'CachePolicy' ? 'ListCachePolicies' : 'ListResponseHeadersPolicies';
  state.calls.push(operation);
  const send = (status: number, xml: string): void =>
    void response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>${xml}`);
  const error = state.errors[operation];
  const start = Number(searchParams.get('Marker') ?? 0);
  const next = start + PAGE_SIZE;
  const marker = next < state.counts.policies ? `<NextMarker>${next}</NextMarker>` : '';
  const quantity = Math.min(PAGE_SIZE, state.counts.policies - start);
  const isDenied = error !== undefined || searchParams.get('Type') !== 'custom';
  if (isDenied) send(403, `<ErrorResponse><Error><Code>${error}</Code><Message>no</Message></Error></ErrorResponse>`);
  else
    send(200, `<${kind}List>${marker}<MaxItems>${PAGE_SIZE}</MaxItems><Quantity>${quantity}</Quantity></${kind}List>`);
}

const queryAnswer = (operation: string, xml: string): string =>
  `<${operation}Response><${operation}Result>${xml}</${operation}Result></${operation}Response>`;

const ec2Answer = (operation: string, xml: string): string => `<${operation}Response>${xml}</${operation}Response>`;

const item = (fields: Readonly<Record<string, string>>): string =>
  `<item>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</item>`;

const items = (count: number, idName: string): string =>
  Array.from({ length: count }, (_, index) => item({ [idName]: `id-${index}` })).join('');

const zoneItem = ({ name, id, type = 'availability-zone' }: AwsAccountState['zones'][number]): string =>
  item({ zoneName: name, zoneId: id, zoneType: type, zoneState: 'available' });

/** Two resources a page, so that tests see more than one. */
const PAGE_SIZE = 2;

function resourcePage(resources: readonly StackResourceRow[], start: number): string {
  const members = resources
    .slice(start, start + PAGE_SIZE)
    .map(
      ({ logicalId, type, physicalId }) =>
        `<member><LogicalResourceId>${logicalId}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
        `<PhysicalResourceId>${physicalId}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>`,
    );
  const next = start + PAGE_SIZE;
  const token = next < resources.length ? `<NextToken>${next}</NextToken>` : '';
  return `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>${token}`;
}
