import type { CloudFormation } from '@aws-sdk/client-cloudformation';
import type { EC2 } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { stackName } from '#config/stack-names.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { UNSUITABLE_ZONES } from '#config/unsuitable-zones.ts';
import { deployedResources } from './deployed-resources.ts';
import { awsErrorText, type Finding } from './finding.ts';
import type { RememberedChoices } from './remembered-choices.ts';

export interface ZoneCheck {
  readonly stage: Pick<ResolvedStage, 'name' | 'availabilityZones'>;
  readonly ec2: EC2;
  readonly cloudFormation: CloudFormation;
  readonly remembered: RememberedChoices;
}

export interface ZoneChoice {
  /** The names of the zones. Null if the stage names them, or if none could be chosen. */
  readonly zones: readonly string[] | null;
  readonly finding: Finding;
}

/** A zone of the region that the account may use. */
interface OfferedZone {
  readonly name: string;
  readonly id: string;
}

/** The name of the zones among the remembered choices. */
export const REMEMBERED_ZONES = 'availability-zones';

const SUBJECT = 'zones';
const choice = (status: Finding['status'], text: string, zones: readonly string[] | null = null): ZoneChoice => ({
  zones,
  finding: { status, subject: SUBJECT, text },
});

/**
 * Chooses zones that have VPC origins and Fargate, or checks those that the stage names. Other zones would fail after many
 * minutes, and roll everything back. The zones of a deployed stage can't change. Those that were chosen before stay.
 */
export async function checkZones({ stage, ec2, cloudFormation, remembered }: ZoneCheck): Promise<ZoneChoice> {
  const { availabilityZones: wanted } = stage;
  const before = await remembered.read(REMEMBERED_ZONES, z.array(z.string()).min(1));
  let offered: readonly OfferedZone[];
  let deployed: readonly string[];
  try {
    offered = await offeredZones(ec2);
    deployed = await deployedZones(stage.name, ec2, cloudFormation);
  } catch (error) {
    return withoutAnswer(wanted, before, awsErrorText(error));
  }
  if (deployed.length > 0) return checkDeployedZones(wanted, deployed, offered);
  return typeof wanted === 'number' ? chooseZones(wanted, before ?? [], offered) : checkNamedZones(wanted, offered);
}

async function offeredZones(ec2: EC2): Promise<OfferedZone[]> {
  const { AvailabilityZones = [] } = await ec2.describeAvailabilityZones({});
  return AvailabilityZones.flatMap(({ ZoneName, ZoneId, ZoneType, State }) =>
    ZoneName !== undefined && ZoneId !== undefined && ZoneType === 'availability-zone' && State === 'available'
      ? [{ name: ZoneName, id: ZoneId }]
      : [],
  ).sort((one, other) => one.name.localeCompare(other.name));
}

/** The zones of a deployed stage's subnets for the ingest load balancer, in the order of the stack. */
async function deployedZones(stage: string, ec2: EC2, cloudFormation: CloudFormation): Promise<string[]> {
  const subnets = (await deployedResources(cloudFormation, stackName(stage, 'Network')))
    .filter(({ type, logicalId }) => type === 'AWS::EC2::Subnet' && logicalId.includes('BalancerSubnet'))
    .sort((one, other) => one.logicalId.localeCompare(other.logicalId));
  if (subnets.length === 0) return [];
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: subnets.map(({ physicalId }) => physicalId) });
  const zoneOf = new Map(Subnets.map(({ SubnetId, AvailabilityZone }) => [SubnetId, AvailabilityZone]));
  return subnets.flatMap(({ physicalId }) => zoneOf.get(physicalId) ?? []);
}

/** CloudFormation makes new subnets before it removes the old ones, whose addresses they would get. EC2 refuses that. */
const FIXED = [
  "Its zones can't be changed, neither which nor how many: the new subnets would get addresses of the old ones.",
  'Put back what it had, or destroy it and deploy it again, or deploy a stage of another name beside it.',
].join('\n');

/** A deployed zone that is not offered is unavailable at present, and no reason to leave it. */
function checkDeployedZones(
  wanted: number | readonly string[],
  deployed: readonly string[],
  offered: readonly OfferedZone[],
): ZoneChoice {
  const isSame = typeof wanted === 'number' ? wanted === deployed.length : wanted.join() === deployed.join();
  if (!isSame) {
    return choice('problem', `availabilityZones: the stage is deployed in ${deployed.join(', ')}. ${FIXED}`);
  }
  const unsuitable = unsuitableZones(deployed, offered);
  if (unsuitable.length > 0) return choice('problem', `availabilityZones: ${unsuitable.join('; ')}. ${FIXED}`);
  const text = deployed.join(', ');
  return typeof wanted === 'number'
    ? choice('ok', `${text}, as before`, deployed)
    : choice('ok', `${text}, as the stage says`);
}

function unsuitableZones(names: readonly string[], offered: readonly OfferedZone[]): string[] {
  return offered
    .filter(({ name, id }) => names.includes(name) && UNSUITABLE_ZONES[id] !== undefined)
    .map(({ name, id }) => `${name} is ${id} in this account, which has no ${UNSUITABLE_ZONES[id]}`);
}

function checkNamedZones(named: readonly string[], offered: readonly OfferedZone[]): ZoneChoice {
  const unknown = named.filter((name) => !offered.some((zone) => zone.name === name));
  const problems = [
    ...unsuitableZones(named, offered),
    ...unknown.map((name) => `${name} is not a zone that this account can use`),
  ];
  if (problems.length === 0) return choice('ok', `${named.join(', ')}, as the stage says`);
  return choice('problem', `availabilityZones: ${problems.join('; ')}. The others: ${goodNames(named, offered)}`);
}

function chooseZones(wanted: number, kept: readonly string[], offered: readonly OfferedZone[]): ZoneChoice {
  const good = offered.filter(({ id }) => UNSUITABLE_ZONES[id] === undefined).map(({ name }) => name);
  if (good.length < wanted) {
    const bad = offered.filter(({ id }) => UNSUITABLE_ZONES[id] !== undefined);
    const why = bad.map(({ name, id }) => `${name} is ${id}, without ${UNSUITABLE_ZONES[id]}`).join('; ');
    return choice(
      'problem',
      `availabilityZones: the stage wants ${wanted}, but this account can use only ${good.length}: ${good.join(', ')}${why === '' ? '' : ` (${why})`}`,
    );
  }
  const spare = good.filter((name) => !kept.slice(0, wanted).includes(name));
  // Each zone keeps its place, because the subnets are numbered by it.
  const zones = Array.from({ length: wanted }, (_, place) => {
    const before = kept[place];
    return before !== undefined && good.includes(before) ? before : (spare.shift() ?? '');
  });
  const isKept = zones.every((zone) => kept.includes(zone));
  return choice('ok', `${zones.join(', ')}, ${isKept ? 'as before' : 'chosen now'}`, zones);
}

/** Without an answer, what was chosen before is the best guess. Without that, any guess may fail. */
function withoutAnswer(wanted: number | readonly string[], before: readonly string[] | null, why: string): ZoneChoice {
  if (typeof wanted !== 'number') return choice('unchecked', `${wanted.join(', ')}: ${why}`);
  if (before !== null && before.length >= wanted) {
    const zones = before.slice(0, wanted);
    return choice('unchecked', `${zones.join(', ')}, as before: ${why}`, zones);
  }
  return choice(
    'problem',
    [
      `AWS does not say which zones the stage can use: ${why}`,
      'Allow ec2:DescribeAvailabilityZones, ec2:DescribeSubnets and cloudformation:ListStackResources, or name the zones in the stage.',
    ].join('\n'),
  );
}

const goodNames = (named: readonly string[], offered: readonly OfferedZone[]): string =>
  offered
    .filter(({ name, id }) => UNSUITABLE_ZONES[id] === undefined && !named.includes(name))
    .map(({ name }) => name)
    .join(', ') || 'none';
