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

const EMPTY = { account: '1'.repeat(12), zones: [], subnets: {}, stacks: {}, errors: {} };

/**
 * Starts a server that answers as an AWS account's APIs do, in their wire formats: EC2's query protocol, and the query
 * protocol of STS and CloudFormation. It checks no signatures.
 */
export async function startAwsAccount(initial: Partial<AwsAccountState> = {}) {
  const state: AwsAccountState = { ...EMPTY, ...initial, calls: [] };
  const server = await listenOnLoopback(createServer((request, response) => void answer(state, request, response)));
  return {
    url: server.url,
    state,
    /** The SDK's variables that lead its clients here. */
    environment: Object.fromEntries(
      ['STS', 'EC2', 'CLOUDFORMATION'].map((service) => [`AWS_ENDPOINT_URL_${service}`, server.url]),
    ),
    close: server.close,
  };
}

async function answer(state: AwsAccountState, request: IncomingMessage, response: ServerResponse): Promise<void> {
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
    case 'DescribeSubnets': {
      const ids = [...form].flatMap(([name, value]) => (name.startsWith('SubnetId.') ? value : []));
      const items = ids.map((id) => item({ subnetId: id, availabilityZone: state.subnets[id] ?? '' }));
      return send(200, ec2Answer(operation, `<subnetSet>${items.join('')}</subnetSet>`));
    }
    default:
      return fail(400, 'InvalidAction', operation);
  }
}

const queryAnswer = (operation: string, xml: string): string =>
  `<${operation}Response><${operation}Result>${xml}</${operation}Result></${operation}Response>`;

const ec2Answer = (operation: string, xml: string): string => `<${operation}Response>${xml}</${operation}Response>`;

const item = (fields: Readonly<Record<string, string>>): string =>
  `<item>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</item>`;

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
