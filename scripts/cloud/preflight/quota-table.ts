import type { CloudFront } from '@aws-sdk/client-cloudfront';
import { paginateDescribeVpcs } from '@aws-sdk/client-ec2';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { AwsClients } from './aws-clients.ts';

/** A quota of the account by the codes of Service Quotas. */
export interface AccountQuota {
  /** What is counted, in the plural. */
  readonly name: string;
  readonly serviceCode: string;
  readonly quotaCode: string;
  /** CloudFront's quotas are global: Service Quotas has them in us-east-1. */
  readonly isGlobal: boolean;
}

/** A quota on how many resources of a kind there may be. */
export interface ResourceQuota extends AccountQuota {
  /** CloudFormation's type. */
  readonly resourceType: string;
  /** The part of the stage, and so the stack, that has the resources. */
  readonly part: 'Network' | 'Delivery';
  /** How many the stage has when it is deployed. A test compares this with the templates. */
  needed(stage: ResolvedStage): number;
  /** How many there are in the account, this stage's included. */
  count(aws: AwsClients): Promise<number>;
}

/** Fargate's quota counts the vCPUs of all tasks that run (ECS developer guide, "AWS Fargate service quotas"). */
export const FARGATE_QUOTA: AccountQuota = {
  name: 'Fargate vCPUs',
  serviceCode: 'fargate',
  quotaCode: 'L-3032A538',
  isGlobal: false,
};

const zoneCount = ({ availabilityZones: zones }: ResolvedStage): number =>
  typeof zones === 'number' ? zones : zones.length;

/**
 * The quotas that a stage can exceed by being deployed. Codes are from AWS: the links of "Quotas" in the CloudFront developer
 * guide, and `aws service-quotas list-aws-default-service-quotas` for ec2, vpc, fargate and cloudfront. Key value stores and
 * VPC origins have quotas of 50 and 25 an account, which Service Quotas does not know.
 */
export const RESOURCE_QUOTAS: readonly ResourceQuota[] = [
  {
    name: 'VPCs',
    serviceCode: 'vpc',
    quotaCode: 'L-F678F1CE',
    isGlobal: false,
    resourceType: 'AWS::EC2::VPC',
    part: 'Network',
    needed: () => 1,
    count: async ({ ec2 }) => {
      let vpcs = 0;
      for await (const { Vpcs = [] } of paginateDescribeVpcs({ client: ec2 }, {})) vpcs += Vpcs.length;
      return vpcs;
    },
  },
  {
    name: 'Elastic IP addresses',
    serviceCode: 'ec2',
    quotaCode: 'L-0263D0A3',
    isGlobal: false,
    resourceType: 'AWS::EC2::EIP',
    part: 'Network',
    needed: (stage) => (stage.egress === 'nat' ? zoneCount(stage) : 0),
    count: async ({ ec2 }) => (await ec2.describeAddresses({})).Addresses?.length ?? 0,
  },
  {
    name: 'CloudFront cache policies',
    serviceCode: 'cloudfront',
    quotaCode: 'L-7D134442',
    isGlobal: true,
    resourceType: 'AWS::CloudFront::CachePolicy',
    part: 'Delivery',
    needed: () => 6,
    count: ({ cloudFront }) =>
      countPages(async (marker) => (await cloudFront.listCachePolicies({ Type: 'custom', ...marker })).CachePolicyList),
  },
  {
    name: 'CloudFront response headers policies',
    serviceCode: 'cloudfront',
    quotaCode: 'L-CF0D4FC5',
    isGlobal: true,
    resourceType: 'AWS::CloudFront::ResponseHeadersPolicy',
    part: 'Delivery',
    needed: () => 4,
    count: ({ cloudFront }) =>
      countPages(
        async (marker) =>
          (await cloudFront.listResponseHeadersPolicies({ Type: 'custom', ...marker })).ResponseHeadersPolicyList,
      ),
  },
];

type Marker = Pick<Parameters<CloudFront['listCachePolicies']>[0], 'Marker'>;
type PolicyPage = { readonly Quantity?: number | undefined; readonly NextMarker?: string | undefined };

/** Adds up the quantities of the pages of one of CloudFront's lists. */
async function countPages(load: (marker: Marker) => Promise<PolicyPage | undefined>): Promise<number> {
  let total = 0;
  let marker: string | undefined;
  do {
    const { Quantity = 0, NextMarker } = (await load(marker === undefined ? {} : { Marker: marker })) ?? {};
    total += Quantity;
    marker = NextMarker === '' ? undefined : NextMarker;
  } while (marker !== undefined);
  return total;
}
