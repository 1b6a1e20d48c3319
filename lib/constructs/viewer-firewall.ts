import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';

export type ViewerFirewallProps = Pick<ResolvedStage, 'name' | 'wafRequestsPerFiveMinutes'>;

/** Requests to /api from one address. An admin's scripts stay below it; anyone who guesses tokens does not. */
const API_REQUESTS_PER_FIVE_MINUTES = 1_000;

/** An AWS WAF web ACL for CloudFront, with rate limits per address. Must be in us-east-1. */
export class ViewerFirewall extends Construct {
  readonly webAclArn: string;

  constructor(scope: Construct, id: string, { name, wafRequestsPerFiveMinutes }: ViewerFirewallProps) {
    super(scope, id);
    const webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: 'CLOUDFRONT',
      description: `Headend ${name}`,
      defaultAction: { allow: {} },
      visibilityConfig: visibility('headend'),
      rules: [
        rateRule({ name: 'api-rate', priority: 0, limit: API_REQUESTS_PER_FIVE_MINUTES, pathPrefix: '/api/' }),
        rateRule({ name: 'rate', priority: 1, limit: wafRequestsPerFiveMinutes }),
      ],
    });
    this.webAclArn = webAcl.attrArn;
  }
}

interface RateRule {
  readonly name: string;
  readonly priority: number;
  readonly limit: number;
  /** Limits only requests whose path starts with this. @default all */
  readonly pathPrefix?: string;
}

function rateRule({ name, priority, limit, pathPrefix }: RateRule): CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: {
      rateBasedStatement: {
        limit,
        evaluationWindowSec: 300,
        aggregateKeyType: 'IP',
        ...(pathPrefix === undefined ? {} : { scopeDownStatement: pathBegins(pathPrefix) }),
      },
    },
    visibilityConfig: visibility(name),
  };
}

const pathBegins = (prefix: string): CfnWebACL.StatementProperty => ({
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'STARTS_WITH',
    searchString: prefix,
    textTransformations: [{ priority: 0, type: 'URL_DECODE' }],
  },
});

const visibility = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  // Samples would store viewers' addresses and headers.
  sampledRequestsEnabled: false,
});
