import { Aws, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  Effect,
  type IOidcProvider,
  OidcProviderNative,
  PolicyStatement,
  Role,
  WebIdentityPrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { wildcardFinding } from './cdk-nag-findings.ts';

export interface PipelineRolesProps {
  readonly stageName: string;
  /** OWNER/REPO on GitHub, or OWNER@ID/REPO@ID if the repository's tokens name the ids. */
  readonly repository: string;
  /** Whether the account trusts GitHub already. An account can do so only once. */
  readonly hasProvider: boolean;
}

const ISSUER = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';
/** IAM's limit is 12 hours. CloudFormation gives up a deployment after three. */
const DEPLOYMENT_LIMIT = Duration.hours(4);
/** The roles of the CDK's bootstrap that its command line takes on. CloudFormation alone may take on the fifth. */
const BOOTSTRAP_ROLES = ['deploy', 'file-publishing', 'image-publishing', 'lookup'];
/** What `npm run deploy` and `diff` look up before the CDK runs. These actions have no resources. */
const LOOKUPS = [
  'cloudformation:DescribeStacks',
  'cloudfront:ListCachePolicies',
  'cloudfront:ListResponseHeadersPolicies',
  'ec2:DescribeAddresses',
  'ec2:DescribeAvailabilityZones',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'servicequotas:GetAWSDefaultServiceQuota',
  'servicequotas:GetServiceQuota',
];
/** The beginning of the name that CloudFormation gives to the secret of viewer tokens, after its logical id. */
const VIEWER_SECRET_PREFIX = 'ViewerTokenKeysSecret';

/**
 * What a pipeline on GitHub may do with a stage, without a stored key: GitHub's own tokens open two roles. The jobs of the
 * environment that has the stage's name may deploy. Pull requests may read the deployed templates, to show what changes.
 */
export class PipelineRoles extends Construct {
  readonly deployRoleArn: string;
  readonly diffRoleArn: string;

  constructor(scope: Construct, id: string, { stageName, repository, hasProvider }: PipelineRolesProps) {
    super(scope, id);
    const provider = this.#provider(hasProvider);
    const roleFor = (name: string, subject: string, description: string): Role =>
      new Role(this, name, {
        description,
        maxSessionDuration: DEPLOYMENT_LIMIT,
        assumedBy: new WebIdentityPrincipal(provider.oidcProviderRef.oidcProviderArn, {
          StringEquals: { [`${ISSUER}:aud`]: AUDIENCE, [`${ISSUER}:sub`]: `repo:${repository}:${subject}` },
        }),
      });
    const deploy = roleFor('Deploy', `environment:${stageName}`, `Headend ${stageName}: deploys from a pipeline`);
    const diff = roleFor('Diff', 'pull_request', `Headend ${stageName}: shows what a pull request would change`);
    for (const role of [deploy, diff]) this.#allowReading(role, stageName);
    this.#allowDeployment(deploy, stageName);
    this.deployRoleArn = deploy.roleArn;
    this.diffRoleArn = diff.roleArn;
  }

  #provider(hasProvider: boolean): IOidcProvider {
    if (hasProvider) {
      const arn = `arn:${Aws.PARTITION}:iam::${Stack.of(this).account}:oidc-provider/${ISSUER}`;
      return OidcProviderNative.fromOidcProviderArn(this, 'GitHub', arn);
    }
    const provider = new OidcProviderNative(this, 'GitHub', { url: `https://${ISSUER}`, clientIds: [AUDIENCE] });
    // Roles of other stages and of other people may use it, too.
    provider.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return provider;
  }

  /** The templates of the stage's own stacks, which contain no secret, and what the checks before a deployment ask. */
  #allowReading(role: Role, stageName: string): void {
    const { partition, account } = Stack.of(this);
    const stacks = `arn:${partition}:cloudformation:*:${account}:stack/Headend-${stageName}-*/*`;
    allow(role, ['cloudformation:GetTemplate', 'cloudformation:ListStackResources'], [stacks]);
    acknowledge(
      this,
      role,
      stacks,
      "A stack's ARN ends with an id that is unknown before. All are stacks of this stage.",
    );
    allow(role, LOOKUPS, ['*']);
    acknowledge(this, role, '*', 'These actions read names and states only, and have no resources.');
  }

  #allowDeployment(role: Role, stageName: string): void {
    const { partition, account, region, synthesizer } = Stack.of(this);
    const regions = [...new Set([region, CLOUDFRONT_REGION])];
    const qualifier = synthesizer.bootstrapQualifier;
    allow(
      role,
      ['sts:AssumeRole'],
      regions.flatMap((where) =>
        BOOTSTRAP_ROLES.map(
          (name) => `arn:${partition}:iam::${account}:role/cdk-${qualifier}-${name}-role-${account}-${where}`,
        ),
      ),
    );
    const secret = `arn:${partition}:secretsmanager:${region}:${account}:secret:${VIEWER_SECRET_PREFIX}*`;
    allow(role, ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], [secret], {
      StringEquals: { 'aws:ResourceTag/headend:stage': stageName },
    });
    acknowledge(this, role, secret, "CloudFormation chooses the end of the secret's name. The tag names the stage.");
    const topics = `arn:${partition}:sns:*:${account}:Headend-${stageName}-*`;
    allow(role, ['sns:GetTopicAttributes'], [topics]);
    acknowledge(
      this,
      role,
      topics,
      "The probe reads the stage's alarm topics. CloudFormation chooses the end of their names.",
    );
    const stores = `arn:${partition}:cloudfront::${account}:key-value-store/*`;
    const storeActions = ['DescribeKeyValueStore', 'GetKey', 'PutKey'];
    allow(
      role,
      storeActions.map((name) => `cloudfront-keyvaluestore:${name}`),
      [stores],
    );
    acknowledge(
      this,
      role,
      stores,
      "CloudFront chooses a store's id, and stores have no tags. They hold no data but this.",
    );
  }
}

function allow(role: Role, actions: string[], resources: string[], conditions: Record<string, unknown> = {}): void {
  role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources, conditions }));
}

function acknowledge(scope: Construct, role: Role, resource: string, reason: string): void {
  Validations.of(role).acknowledge({ id: wildcardFinding(scope, resource), reason });
}
